package dev.kelpie.sheep;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.store.disk.DiskStoreConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// The directories of a node's object store. Makes sure that they are the node's own: on the disks
/// of another store every object would seem not to exist, and images would read as zeros.
///
/// @param paths without links; where no disks were named, one directory inside the base directory
record StoreDirectories(Path base, List<Path> paths) {
  /// The coordination record that names this node's store.
  private static final String STORE_KEY = "node/store";

  /// Finds the directories, making those that are missing, one level only.
  ///
  /// @param disks as named on the command line
  static StoreDirectories find(Disk disk, Log log, Path base, List<Path> disks) throws IOException {
    Set<Path> found = new LinkedHashSet<>();
    for (Path wanted : disks.isEmpty() ? List.of(base.resolve("store")) : disks) {
      if (!found.add(one(disk, wanted))) {
        log.warn("duplicate path " + wanted);
      }
    }
    return new StoreDirectories(disk.real(base), List.copyOf(found));
  }

  /// A directory for objects, made where it is missing.
  ///
  /// @return the same without links
  static Path one(Disk disk, Path wanted) throws IOException {
    if (!disk.isDirectory(wanted)) {
      disk.createDirectory(wanted);
      disk.syncDirectory(wanted.resolveSibling("."));
    }
    if (disk.exists(wanted.resolve("config")) && disk.exists(wanted.resolve("lock"))) {
      throw new IOException(
          wanted + " is meta-store, abort: it is the base directory of a sheep; name another");
    }
    return disk.real(wanted);
  }

  /// Opens the store.
  DiskStore open(Platform platform, Log log, Coordination records) throws IOException {
    Optional<Stored> known = records.read(STORE_KEY);
    check(known.map(StoreDirectories::id), DiskStore.storeOf(platform, paths));
    DiskStore.prepare(platform, log, paths);
    if (known.isEmpty()) {
      UUID id = DiskStore.storeOf(platform, paths).orElseThrow();
      records.commit(List.of(new Put(STORE_KEY, Optional.of(bytes(id)), 0)));
    }
    return DiskStore.open(platform, log, paths, DiskStoreConfig.DEFAULT);
  }

  private void check(Optional<UUID> known, Optional<UUID> found) throws IOException {
    boolean inside = paths.stream().allMatch(path -> path.startsWith(base));
    if (known.isPresent() && found.isEmpty()) {
      throw new IOException(
          "none of "
              + paths
              + " is a disk of "
              + base
              + ", which has had a store before: name the disks that it had");
    }
    if (known.isEmpty() ? found.isPresent() && !inside : !found.equals(known)) {
      throw new IOException(
          paths
              + " are disks of another base directory than "
              + base
              + ": name the disks that belong to it, or empty directories for a new one");
    }
  }

  private static UUID id(Stored stored) {
    return UUID.fromString(new String(stored.value(), StandardCharsets.US_ASCII));
  }

  private static byte[] bytes(UUID id) {
    return id.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
