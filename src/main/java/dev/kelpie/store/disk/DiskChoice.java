package dev.kelpie.store.disk;

import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Chooses where a new object goes: by chance, weighted by free space, so that disks fill up at the
/// same time.
final class DiskChoice {
  private final Disks disks;
  private final RandomGenerator chance;

  DiskChoice(Disks disks, RandomGenerator chance) {
    this.disks = disks;
    this.chance = chance;
  }

  /// Writes the file of an object to a disk.
  @FunctionalInterface
  interface Writing {
    Creation.Written to(OneDisk disk) throws IOException;
  }

  /// Writes to the first disk that takes the file; one that is full or fails is passed over.
  ///
  /// @return empty where all of them are full
  /// @throws IOException where one failed and none took it, or for a reason that is not the disk's
  static Optional<Placed> place(List<OneDisk> disks, Writing writing) throws IOException {
    Optional<IOException> failure = Optional.empty();
    for (OneDisk disk : disks) {
      try {
        return Optional.of(new Placed(disk, writing.to(disk)));
      } catch (Disk.NoSpace full) {
        disk.noteFull(full);
      } catch (IOException cause) {
        if (disk.health().good()) {
          throw cause;
        }
        failure = Optional.of(cause);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
    return Optional.empty();
  }

  private record Free(OneDisk disk, long bytes) {}

  /// The disks in service, and not about to leave, in the order in which to try them: the chosen
  /// one, then the others, the emptiest first.
  ///
  /// @throws IOException where no disk is in service
  List<OneDisk> inOrder() throws IOException {
    List<Free> candidates = new ArrayList<>();
    for (OneDisk disk : disks.all()) {
      if (!disk.leaving()) {
        disk.freeBytes().ifPresent(bytes -> candidates.add(new Free(disk, bytes)));
      }
    }
    if (candidates.isEmpty()) {
      throw new IOException("every disk of the store is out of service");
    }
    candidates.sort(Comparator.comparingLong(Free::bytes).reversed());
    candidates.addFirst(candidates.remove(weighted(candidates)));
    return candidates.stream().map(Free::disk).toList();
  }

  private int weighted(List<Free> candidates) {
    long total = candidates.stream().mapToLong(Free::bytes).sum();
    long point = total <= 0 ? 0 : chance.nextLong(total);
    int i = 0;
    while (i < candidates.size() - 1 && point >= candidates.get(i).bytes()) {
      point -= candidates.get(i).bytes();
      i++;
    }
    return i;
  }
}
