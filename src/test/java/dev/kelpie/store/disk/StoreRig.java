package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.log.Level;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// A disk store over disks in memory that a test fails, fills and flips. The log of messages starts
/// anew with each [#open].
final class StoreRig {
  /// Small bounds, so that a few writes meet them; checkpoints come when a writer needs them.
  private static final DiskStoreConfig CONFIG =
      new DiskStoreConfig(256 << 10, 16, 64 << 10, 64, 16, 1, false);

  /// Of two disks, neither is passed over so often.
  private static final int CREATES_MAX = 64;

  private static final Generation GENERATION = new Generation(1);
  private static final Access ACCESS =
      new Access(new VdiId(1), GENERATION, CacheMode.DIRECT, Patience.WAIT);

  private final RandomGenerator chance = Seeds.generator("StoreRig");
  private final List<Path> paths;
  private MemoryDisk disk = new MemoryDisk();
  private RecordingLog log = new RecordingLog();
  private int created;
  private Optional<DiskStore> store = Optional.empty();

  StoreRig(String... directories) {
    paths = List.of(directories).stream().map(disk::mount).toList();
  }

  MemoryDisk disk() {
    return disk;
  }

  DiskStore store() {
    return store.orElseThrow();
  }

  /// Prepares the directories where they are not, and opens the store on them.
  void open() throws IOException {
    open(paths);
  }

  void open(List<Path> directories) throws IOException {
    log = new RecordingLog();
    TestPlatform platform = new TestPlatform(disk);
    if (DiskStore.storeOf(platform.platform(), directories).isEmpty()) {
      DiskStore.prepare(platform.platform(), log, directories);
    }
    store = Optional.of(DiskStore.open(platform.platform(), log, directories, CONFIG));
  }

  void close() throws IOException {
    DiskStore closing = store();
    store = Optional.empty();
    closing.close();
    disk.assertNothingOpen();
  }

  void reopen() throws IOException {
    close();
    open();
  }

  /// Closes what is open, whatever state its disks are in.
  void end() throws IOException {
    if (store.isPresent()) {
      close();
    }
  }

  /// The power goes; the store of before is left behind.
  void crash(Keep keep) {
    disk = disk.afterPowerCut(chance, keep);
    store = Optional.empty();
  }

  /// How many messages contain this.
  long said(Level level, String part) {
    return log.messages(level).stream().filter(message -> message.contains(part)).count();
  }

  // What is done to objects.

  byte[] create(ObjectId object, int offset, int length) throws IOException {
    byte[] bytes = bytes(length);
    assertEquals(Outcome.DONE, create(object, offset, bytes));
    return bytes;
  }

  /// Creates objects until one came to lie on this disk.
  ObjectId createOn(String directory) throws IOException {
    for (int i = 0; i < CREATES_MAX; i++) {
      ObjectId object = ObjectId.data(new VdiId(1), 1000 + created++);
      create(object, 0, 4096);
      if (fileOf(object).startsWith(directory)) {
        return object;
      }
    }
    throw new AssertionError("no object came to lie on " + directory);
  }

  Outcome tryCreate(ObjectId object, int offset, int length) throws IOException {
    return create(object, offset, bytes(length));
  }

  private Outcome create(ObjectId object, int offset, byte[] bytes) throws IOException {
    return store()
        .create(object, Base.ZEROS, extent(offset, bytes), change(object, Durability.DURABLE));
  }

  byte[] write(ObjectId object, int offset, int length, Durability durability) throws IOException {
    byte[] bytes = bytes(length);
    assertEquals(Outcome.DONE, write(object, offset, bytes, durability));
    return bytes;
  }

  Outcome tryWrite(ObjectId object, int offset, int length, Durability durability)
      throws IOException {
    return write(object, offset, bytes(length), durability);
  }

  private Outcome write(ObjectId object, int offset, byte[] bytes, Durability durability)
      throws IOException {
    return store().write(object, extent(offset, bytes), change(object, durability));
  }

  Outcome remove(ObjectId object) throws IOException {
    return store().remove(object, change(object, Durability.DURABLE));
  }

  byte[] read(ObjectId object, int offset, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    assertEquals(Outcome.DONE, store().read(object, offset, into, ACCESS));
    return into.array();
  }

  static Change change(ObjectId object, Durability durability) {
    return Change.of(object.vdi(), GENERATION, CacheMode.DIRECT, durability);
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(chance.nextLong()).nextBytes(bytes);
    return bytes;
  }

  private static List<Extent> extent(int offset, byte[] bytes) {
    return List.of(new Extent(offset, ByteBuffer.wrap(bytes)));
  }

  // What is done to files.

  /// The file of an object, on whichever disk it is.
  Path fileOf(ObjectId object) {
    return paths.stream()
        .map(path -> path.resolve("obj").resolve(object.toString()))
        .filter(disk::exists)
        .findFirst()
        .orElseThrow();
  }

  void flip(ObjectId object, long bit) {
    disk.flip(fileOf(object), bit);
  }

  void truncate(ObjectId object, long length) throws IOException {
    try (DiskFile file = disk.open(fileOf(object))) {
      file.resize(length);
    }
  }

  /// Writes over a file from its start.
  void overwrite(Path path, ByteBuffer bytes) throws IOException {
    try (DiskFile file = disk.open(path)) {
      file.write(bytes.duplicate(), 0);
      file.sync();
    }
  }

  ByteBuffer readFile(Path path) throws IOException {
    try (DiskFile file = disk.openReadOnly(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.flip();
    }
  }

  /// Every file of the store's directories with what it holds, for a comparison.
  Map<Path, ByteBuffer> everything() throws IOException {
    Map<Path, ByteBuffer> files = new TreeMap<>();
    for (Path path : paths) {
      collect(path, files);
    }
    return files;
  }

  private void collect(Path path, Map<Path, ByteBuffer> files) throws IOException {
    if (!disk.isDirectory(path)) {
      files.put(path, readFile(path));
      return;
    }
    for (String name : disk.list(path)) {
      collect(path.resolve(name), files);
    }
  }

  /// The segment of the first disk's log that records go to, where no lap was closed since the
  /// start: the newer header is that of the segment kept ready, and names the one in use.
  Path activeSegment() throws IOException {
    Path log = paths.getFirst().resolve("log");
    LapHeader one = LapHeader.decode(readFile(log.resolve("0")));
    LapHeader other = LapHeader.decode(readFile(log.resolve("1")));
    int active = (one.lap() > other.lap() ? one : other).first();
    return log.resolve(Integer.toString(active % 2));
  }

  /// Whether this is a file of a disk's log.
  static boolean isLog(Path path) {
    return path.toString().contains("/log/");
  }

  static IOException noSpace(Path path) {
    return new Disk.NoSpace(path + ": injected: no space left");
  }
}
