package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// A cache of nothing, with usage and failures as a test likes them.
final class FakeCache implements CacheControl {
  final List<String> dropped = new CopyOnWriteArrayList<>();
  final Set<VdiId> unpushable = ConcurrentHashMap.newKeySet();
  final List<String> checked = new CopyOnWriteArrayList<>();
  final List<String> warmed = new CopyOnWriteArrayList<>();

  /// After so many parts it has no room.
  volatile int partsMax = Integer.MAX_VALUE;

  volatile Usage usage = Usage.NONE;

  @Override
  public Usage usage() {
    return usage;
  }

  /// Each VDI has two objects.
  @Override
  public Map<VdiId, Integer> objects() {
    return usage.vdis().stream().collect(Collectors.toMap(VdiUsage::vdi, _ -> 2));
  }

  @Override
  public long size() {
    return usage.size();
  }

  @Override
  public long used(List<VdiId> vdis) {
    return 64 * 1024L * vdis.size();
  }

  @Override
  public long drop(VdiId vdi, boolean force) throws IOException {
    dropped.add(vdi + (force ? " by force" : ""));
    if (!unpushable.contains(vdi)) {
      return 0;
    } else if (force) {
      return 4096;
    }
    throw new IOException("the backend does not take the dirty blocks of VDI " + vdi);
  }

  /// Two steps, which find what a test likes.
  @Override
  public Inspection check(Optional<VdiId> vdi, int from, boolean deep) {
    checked.add(vdi.map(VdiId::toString).orElse("all") + " from " + from + (deep ? ", deep" : ""));
    return new Inspection(from == 0 ? 1000 : Inspection.END, 10, 1, 2, 3, 4);
  }

  @Override
  public Optional<Warmed> warm(VdiId vdi, ObjectId object, int offset, int length) {
    warmed.add(vdi + " " + object + " " + offset + " " + length);
    return Optional.of(new Warmed(length, warmed.size() > partsMax));
  }

  @Override
  public void clear() {}
}
