package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/// The files of boot sets: one for each VDI, in the cache's directory. They are hints: one that
/// cannot be read or written is left out with a line in the log, and nothing else depends on it.
final class BootSets {
  private static final String NEW = ".new";

  private final Disk disk;
  private final Log log;
  private final Path cache;
  private final Path directory;

  /// @param cache the cache's directory
  BootSets(Disk disk, Log log, Path cache) {
    this.disk = disk;
    this.log = log;
    this.cache = cache;
    this.directory = cache.resolve("boot");
  }

  /// The set of a VDI, where there is a sound one.
  Optional<BootSet> load(VdiId vdi) {
    Path file = file(vdi);
    if (!disk.exists(file)) {
      return Optional.empty();
    }
    try (DiskFile open = disk.openReadOnly(file)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(open.size(), BootSet.FILE_MAX + 1));
      open.read(bytes, 0);
      Optional<BootSet> set = BootSet.decode(bytes.flip(), vdi);
      if (set.isEmpty()) {
        log.warn(file + " is no boot set of this release, or damaged: it is ignored");
      }
      return set;
    } catch (IOException e) {
      log.warn(file + " cannot be read, the VDI starts without a boot set: " + e.getMessage());
      return Optional.empty();
    }
  }

  /// Replaces the set of a VDI, durably and in one step.
  ///
  /// @return whether it is kept
  boolean save(VdiId vdi, BootSet set) {
    Path file = file(vdi);
    Path made = directory.resolve(vdi + NEW);
    try {
      if (!disk.isDirectory(directory)) {
        disk.createDirectory(directory);
        disk.syncDirectory(cache);
      }
      if (disk.exists(made)) {
        disk.delete(made);
      }
      try (DiskFile open = disk.create(made)) {
        open.write(set.encode(vdi), 0);
        open.sync();
      }
      disk.rename(made, file);
      disk.syncDirectory(directory);
      return true;
    } catch (IOException e) {
      log.warn(file + ": the boot set could not be kept: " + e.getMessage());
      return false;
    }
  }

  /// Drops the set of a VDI.
  void drop(VdiId vdi) {
    delete(file(vdi));
  }

  /// Drops every set whose VDI is not wanted, and what a crash left of others.
  void retain(Predicate<VdiId> wanted) {
    if (!disk.isDirectory(directory)) {
      return;
    }
    try {
      for (String name : disk.list(directory)) {
        Optional<VdiId> vdi = vdi(name);
        if (vdi.isEmpty() || !wanted.test(vdi.get())) {
          delete(directory.resolve(name));
        }
      }
    } catch (IOException e) {
      log.warn(directory + " cannot be listed, boot sets of deleted VDIs stay: " + e.getMessage());
    }
  }

  private void delete(Path file) {
    try {
      if (disk.exists(file)) {
        disk.delete(file);
      }
    } catch (IOException e) {
      log.warn(file + " stays, though its VDI is gone: " + e.getMessage());
    }
  }

  private Path file(VdiId vdi) {
    return directory.resolve(vdi.toString());
  }

  private static Optional<VdiId> vdi(String name) {
    if (!name.matches("[0-9a-f]{1,6}")) {
      return Optional.empty();
    }
    int value = Integer.parseInt(name, 16);
    return value == 0 ? Optional.empty() : Optional.of(new VdiId(value));
  }
}
