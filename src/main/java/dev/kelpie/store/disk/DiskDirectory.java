package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;

/// A directory that is a disk of a store, and where things are in it (docs/disk-format.md §1).
record DiskDirectory(Path path, Identity identity) {
  private static final String IDENTITY = "disk";
  private static final String OBJECTS = "obj";
  private static final String LOG = "log";
  private static final Set<String> SEGMENTS = Set.of("0", "1");

  /// What a name ends with while its file is written.
  static final String UNFINISHED = ".new";

  /// The most disks that a store may have: their numbers are kept in bytes.
  private static final int DISKS_MAX = 100;

  Path objects() {
    return path.resolve(OBJECTS);
  }

  Path log() {
    return path.resolve(LOG);
  }

  Path segment(int number) {
    return log().resolve(Integer.toString(number));
  }

  Path lock() {
    return path.resolve("lock");
  }

  /// The store that those of the directories belong to that are disks; empty where none is.
  ///
  /// @throws IOException where they belong to several
  static Optional<UUID> storeOf(Disk disk, List<Path> paths) throws IOException {
    Map<Path, Identity> known = new HashMap<>();
    for (Path path : paths) {
      if (disk.exists(path.resolve(IDENTITY))) {
        known.put(path, Identity.read(disk, path.resolve(IDENTITY)));
      }
    }
    return commonStore(known);
  }

  /// Makes disks of one store out of directories. Those that are disks of it already stay as they
  /// are, so this may be called before every start.
  ///
  /// @throws IOException where a directory cannot be used, saying why; nothing was changed
  static void prepare(Platform platform, Log messages, List<Path> paths) throws IOException {
    Disk disk = platform.disk();
    if (paths.isEmpty() || paths.size() > DISKS_MAX) {
      throw new IllegalArgumentException("a store has 1 to " + DISKS_MAX + " disks");
    }
    Map<Path, Identity> known = new HashMap<>();
    List<Path> fresh = new ArrayList<>();
    for (Path path : paths) {
      if (!disk.isDirectory(path)) {
        throw new NotDirectoryException(path.toString());
      }
      if (disk.exists(path.resolve(IDENTITY))) {
        known.put(path, Identity.read(disk, path.resolve(IDENTITY)));
      } else {
        checkUnused(disk, path);
        fresh.add(path);
      }
    }
    Optional<UUID> store = commonStore(known);
    int disks = Math.max(paths.size(), count(known.values()));
    UUID id = store.orElseGet(() -> random(platform.chance()));
    for (Path path : fresh) {
      new DiskDirectory(path, new Identity(random(platform.chance()), id, disks)).create(disk);
      messages.notice("made " + path + " a disk of store " + id);
    }
    for (Map.Entry<Path, Identity> entry : known.entrySet()) {
      if (entry.getValue().disks() < disks) {
        UUID own = entry.getValue().disk();
        new DiskDirectory(entry.getKey(), new Identity(own, id, disks)).writeIdentity(disk);
      }
    }
  }

  /// Makes one more disk of a store, out of a directory in which no objects are.
  ///
  /// @param disks how many there are with it
  /// @throws IOException where the directory cannot be used, saying why; nothing was changed
  static DiskDirectory add(Platform platform, Log messages, Path path, UUID store, int disks)
      throws IOException {
    Disk disk = platform.disk();
    if (disks > DISKS_MAX) {
      throw new IOException("a store has at most " + DISKS_MAX + " disks");
    }
    if (!disk.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (disk.exists(path.resolve(IDENTITY))
        && !Identity.read(disk, path.resolve(IDENTITY)).store().equals(store)) {
      throw new IOException(
          path + " is a disk of another store; nothing was changed; name another directory");
    }
    checkHolds(disk, path, OBJECTS, Set.of());
    checkHolds(disk, path, LOG, SEGMENTS);
    DiskDirectory added =
        new DiskDirectory(path, new Identity(random(platform.chance()), store, disks));
    added.create(disk);
    messages.notice("made " + path + " a disk of store " + store);
    return added;
  }

  /// The same, with another number of disks in its identity.
  DiskDirectory withDisks(int disks) {
    return new DiskDirectory(path, new Identity(identity.disk(), identity.store(), disks));
  }

  /// Makes it no disk any more: a directory with empty parts of one.
  void forget(Disk disk) throws IOException {
    disk.delete(path.resolve(IDENTITY));
    disk.syncDirectory(path);
  }

  /// Checks that the directories are together one store.
  static List<DiskDirectory> ofStore(Disk disk, List<Path> paths) throws IOException {
    Map<Path, Identity> identities = new HashMap<>();
    List<DiskDirectory> directories = new ArrayList<>();
    Set<UUID> seen = new HashSet<>();
    for (Path path : paths) {
      if (!disk.exists(path.resolve(IDENTITY))) {
        throw new IOException(path + " is not a disk of a store: it has no file " + IDENTITY);
      }
      Identity identity = Identity.read(disk, path.resolve(IDENTITY));
      if (!seen.add(identity.disk())) {
        throw new IOException(path + " is named twice, or is a copy of another disk of the store");
      }
      identities.put(path, identity);
      directories.add(new DiskDirectory(path, identity));
    }
    commonStore(identities);
    int disks = count(identities.values());
    if (disks > paths.size()) {
      throw new IOException(
          "the store of "
              + paths.getFirst()
              + " has "
              + disks
              + " disks and only "
              + paths.size()
              + " are named; name all of them, for objects on the others would seem not to exist");
    }
    return directories;
  }

  /// Makes the two segments of an empty log.
  void createLog(Disk disk) throws IOException {
    if (!disk.isDirectory(log())) {
      disk.createDirectory(log());
    }
    for (String name : disk.list(log())) {
      disk.delete(log().resolve(name));
    }
    for (int lap = 0; lap < SEGMENTS.size(); lap++) {
      Segment.create(disk, segment(lap), new LapHeader(identity.disk(), lap, lap));
    }
    disk.syncDirectory(log());
    disk.syncDirectory(path);
  }

  /// That it is no disk is durable before its parts are touched: a killed process may have left
  /// that in the kernel only.
  private void create(Disk disk) throws IOException {
    if (disk.exists(path.resolve(IDENTITY))) {
      disk.delete(path.resolve(IDENTITY));
    }
    disk.syncDirectory(path);
    if (!disk.isDirectory(objects())) {
      disk.createDirectory(objects());
    }
    disk.syncDirectory(objects());
    createLog(disk);
    writeIdentity(disk);
  }

  /// The last step of making a disk: without it the directory is none.
  void writeIdentity(Disk disk) throws IOException {
    Path unfinished = path.resolve(IDENTITY + UNFINISHED);
    if (disk.exists(unfinished)) {
      disk.delete(unfinished);
    }
    try (DiskFile file = disk.create(unfinished)) {
      file.write(identity.encode(), 0);
      file.sync();
    }
    disk.rename(unfinished, path.resolve(IDENTITY));
    disk.syncDirectory(path);
  }

  private static void checkUnused(Disk disk, Path path) throws IOException {
    checkHolds(disk, path, OBJECTS, Set.of());
    checkHolds(disk, path, LOG, SEGMENTS);
  }

  private static void checkHolds(Disk disk, Path path, String name, Set<String> allowed)
      throws IOException {
    Path inside = path.resolve(name);
    if (!disk.exists(inside)) {
      return;
    }
    if (!disk.isDirectory(inside) || !allowed.containsAll(disk.list(inside))) {
      throw new IOException(
          path
              + " has a "
              + name
              + " in which something is, and is not in use by this store; nothing was changed;"
              + " name another directory, or empty this one");
    }
  }

  private static Optional<UUID> commonStore(Map<Path, Identity> identities) throws IOException {
    Optional<Map.Entry<Path, Identity>> first = identities.entrySet().stream().findFirst();
    for (Map.Entry<Path, Identity> other : identities.entrySet()) {
      if (!other.getValue().store().equals(first.orElseThrow().getValue().store())) {
        throw new IOException(
            other.getKey()
                + " and "
                + first.orElseThrow().getKey()
                + " are disks of different stores; nothing was changed; name disks of one store");
      }
    }
    return first.map(entry -> entry.getValue().store());
  }

  private static int count(Iterable<Identity> identities) {
    int count = 0;
    for (Identity identity : identities) {
      count = Math.max(count, identity.disks());
    }
    return count;
  }

  private static UUID random(RandomGenerator chance) {
    return new UUID(chance.nextLong(), chance.nextLong());
  }
}
