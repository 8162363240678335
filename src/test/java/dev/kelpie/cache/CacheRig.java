package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// A cache with everything around it, and short words for what tests do.
final class CacheRig {
  static final VdiId VDI = new VdiId(0x7c2b25);
  static final ObjectId INODE = ObjectId.inode(VDI);
  static final ObjectId DATA = ObjectId.data(VDI, 0);
  static final int BLOCK = IndexLayout.BLOCK_SIZE;
  static final int CHUNK = IndexLayout.CHUNK_SIZE;

  /// Long enough that nothing is pushed behind a test's back.
  static final Duration NEVER = Duration.ofDays(1);

  final FakeLeases leases;
  final RecordingLog log = new RecordingLog();
  MemoryDisk disk;
  MemoryStore store;
  TestPlatform platform;
  ObjectCache cache;
  CacheConfig config;

  /// Stands still until a test moves it; the machine's where it is empty.
  Optional<Clock> clock = Optional.empty();

  CacheRig() throws IOException {
    this(CacheConfig.SIZE_MIN);
  }

  CacheRig(long size) throws IOException {
    leases = new FakeLeases();
    store = new MemoryStore();
    disk = new MemoryDisk();
    config = new CacheConfig(disk.directories("/cachedir"), size, true, true, NEVER);
    platform = platform();
    cache = open();
  }

  /// A cache on a clock of the test.
  CacheRig(long size, Clock clock) throws IOException {
    this.clock = Optional.of(clock);
    leases = new FakeLeases();
    store = new MemoryStore();
    disk = new MemoryDisk();
    config = new CacheConfig(disk.directories("/cachedir"), size, true, true, NEVER);
    platform = platform();
    cache = open();
  }

  private TestPlatform platform() {
    return clock.isPresent() ? new TestPlatform(disk, clock.get()) : new TestPlatform(disk);
  }

  private ObjectCache open() throws IOException {
    return ObjectCache.open(platform.platform(), log, config, store, leases);
  }

  /// Ends and opens again, cleanly, with other locks.
  void restart(Locks locks) throws IOException {
    cache.close();
    Platform now = platform.platform();
    Platform next =
        new Platform(now.disk(), now.network(), now.clock(), now.tasks(), locks, now.chance());
    cache = ObjectCache.open(next, log, config, store, leases);
  }

  /// Ends and opens again, cleanly, on the same disk.
  void restart() throws IOException {
    cache.close();
    start(disk);
  }

  /// The process is killed and a new one starts.
  void kill() throws IOException {
    MemoryDisk after = disk.afterProcessKill();
    stop();
    start(after);
  }

  /// The machine loses power, disks and store included.
  void cutPower(RandomGenerator chance, Keep keep) throws IOException {
    MemoryDisk after = disk.afterPowerCut(chance, keep);
    MemoryStore behind = store.afterPowerCut();
    stop();
    store = behind;
    start(after);
  }

  /// Ends what is left of a process whose disk is off.
  void stop() {
    cache.abandon();
  }

  void start(MemoryDisk next) throws IOException {
    disk = next;
    platform = platform();
    cache = open();
  }

  /// Puts an object into the store, each block filled with a byte of its own.
  void stored(ObjectId id, int seed) throws IOException {
    byte[] bytes = new byte[id.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = pattern(seed, i / BLOCK);
    }
    List<Extent> whole = List.of(new Extent(0, ByteBuffer.wrap(bytes)));
    Change change = Change.of(id.vdi(), Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
    assertEquals(Outcome.DONE, store.create(id, Base.ZEROS, whole, change));
    store.record().clear();
  }

  static byte pattern(int seed, int block) {
    return (byte) (seed * 31 + block * 7 + 1);
  }

  static byte[] filled(int length, int with) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  byte[] read(ObjectId id, int offset, int length) throws IOException {
    return read(id, offset, length, CacheMode.WRITEBACK);
  }

  byte[] read(ObjectId id, int offset, int length, CacheMode mode) throws IOException {
    ByteBuffer into = ByteBuffer.allocateDirect(length);
    assertEquals(Outcome.DONE, tryRead(id, offset, into, mode));
    byte[] bytes = new byte[length];
    into.flip().get(bytes);
    return bytes;
  }

  Outcome tryRead(ObjectId id, int offset, ByteBuffer into, CacheMode mode) throws IOException {
    Access access = new Access(id.vdi(), leases.generation(id.vdi()), mode, Patience.WAIT);
    return cache.read(id, offset, into, access);
  }

  Outcome readNow(ObjectId id, int offset, ByteBuffer into) throws IOException {
    return cache.read(
        id,
        offset,
        into,
        new Access(id.vdi(), leases.generation(id.vdi()), CacheMode.WRITEBACK, Patience.NOW));
  }

  void write(ObjectId id, int offset, byte[] bytes) throws IOException {
    assertEquals(Outcome.DONE, write(id, offset, bytes, CacheMode.WRITEBACK));
  }

  Outcome write(ObjectId id, int offset, byte[] bytes, CacheMode mode) throws IOException {
    return cache.write(id, List.of(new Extent(offset, ByteBuffer.wrap(bytes))), change(id, mode));
  }

  Outcome create(ObjectId id, Base base, int offset, byte[] bytes, CacheMode mode)
      throws IOException {
    return cache.create(
        id, base, List.of(new Extent(offset, ByteBuffer.wrap(bytes))), change(id, mode));
  }

  Outcome remove(ObjectId id, CacheMode mode) throws IOException {
    return cache.remove(id, change(id, mode));
  }

  Change change(ObjectId id, CacheMode mode) {
    Durability durability = mode == CacheMode.WRITEBACK ? Durability.DEFERRED : Durability.DURABLE;
    return Change.of(id.vdi(), leases.generation(id.vdi()), mode, durability);
  }

  /// The bytes that the store has of an object.
  byte[] behind(ObjectId id, int offset, int length) {
    return Arrays.copyOfRange(store.bytes(id).orElseThrow(), offset, offset + length);
  }

  long dirtyBytes() {
    return cache.usage().vdis().stream().mapToLong(CacheControl.VdiUsage::dirtyBytes).sum();
  }

  Path file(String name) {
    return config.directory().resolve("cache").resolve(name);
  }
}
