package dev.kelpie.testing;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Disks in memory, by name and perhaps snapshot.
public final class MemoryExports implements Exports {
  private final Map<String, MemoryVdi> disks = new ConcurrentSkipListMap<>();
  private final List<Opening> openings = new CopyOnWriteArrayList<>();
  private volatile Optional<Answer.Refused> refusal = Optional.empty();
  private volatile Optional<IOException> failure = Optional.empty();

  /// What [#open] was called with.
  public record Opening(
      VdiName name, Optional<String> snapshot, Optional<CacheMode> mode, Client client) {}

  /// Offers a disk under a name, or `name@snapshot`.
  public MemoryExports with(String name, MemoryVdi disk) {
    disks.put(name, disk);
    return this;
  }

  /// Takes a disk away; handles that are open go on.
  public void remove(String name) {
    disks.remove(name);
  }

  /// From now on nothing can be opened.
  public void refuse(Reason reason, String why) {
    refusal = Optional.of(new Answer.Refused(reason, why));
  }

  /// From now on everything fails.
  public void fail(IOException failure) {
    this.failure = Optional.of(failure);
  }

  public List<Opening> openings() {
    return List.copyOf(openings);
  }

  /// Fails where a handle is still open.
  public void assertAllClosed() {
    disks.forEach((name, disk) -> {
      if (disk.open() > 0) {
        throw new AssertionError(disk.open() + " handles of " + name + " are still open");
      }
      if (disk.comparing() > 0) {
        throw new AssertionError(disk.comparing() + " snapshots of " + name + " are still held");
      }
    });
  }

  @Override
  public List<String> names() throws IOException {
    throwFailure();
    return disks.keySet().stream().filter(name -> name.indexOf('@') < 0).toList();
  }

  @Override
  public Answer open(
      VdiName name, Optional<String> snapshot, Optional<CacheMode> mode, Client client)
      throws IOException {
    throwFailure();
    openings.add(new Opening(name, snapshot, mode, client));
    if (refusal.isPresent()) {
      return refusal.get();
    }
    String key = name.value() + snapshot.map(tag -> "@" + tag).orElse("");
    MemoryVdi disk = disks.get(key);
    if (disk == null) {
      return new Answer.Refused(Reason.UNKNOWN, "there is no VDI '" + key + "', see dog vdi list");
    }
    return new Answer.Opened(disk.device());
  }

  private void throwFailure() throws IOException {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}
