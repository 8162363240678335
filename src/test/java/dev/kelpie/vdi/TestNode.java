package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.RecordedTuning;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.vdi.VdiDirectory.Shape;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import dev.kelpie.volume.VolumeExports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// A node without front ends, on a disk for the records and a store for the objects.
public final class TestNode implements AutoCloseable {
  public static final long MIB = 1 << 20;
  public static final long OBJECT = ObjectId.DATA_SIZE;

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Exports.Client CLIENT = new Exports.Client("test", false);

  private final TestPlatform platform;
  private final EmbeddedCoordination records;
  private final ObjectStore objects;
  public final MemoryDisk disk;
  public final MemoryStore store;
  public final RecordedTuning tuning = new RecordedTuning();
  public final ManualClock clock = new ManualClock();
  public final LeaseBook leases;
  public final VdiCatalog catalog;
  public final VolumeExports exports;

  private TestNode(
      MemoryDisk disk, MemoryStore store, Function<MemoryStore, ObjectStore> wrapped, Log log)
      throws IOException {
    this.disk = disk;
    this.store = store;
    Path directory = disk.directories("/node");
    this.platform = new TestPlatform(disk, clock);
    this.records = new EmbeddedCoordination(platform.platform(), log, directory);
    this.leases = new LeaseBook(platform.platform(), log, records, "node");
    leases.begin(LeaseBook.NO_CACHE, Set.of());
    this.objects = wrapped.apply(store);
    this.catalog =
        new VdiCatalog(platform.platform(), log, records, objects, leases, () -> 1, tuning);
    this.exports = new VolumeExports(log, catalog, leases, objects, Optional::empty);
  }

  /// A new node.
  public static TestNode start() throws IOException {
    return start(new MemoryDisk(), new MemoryStore());
  }

  /// A node on what is there.
  public static TestNode start(MemoryDisk disk, MemoryStore store) throws IOException {
    return new TestNode(disk, store, s -> s, Log.NONE);
  }

  /// A node that sees its store through something.
  public static TestNode start(
      MemoryDisk disk, MemoryStore store, Function<MemoryStore, ObjectStore> wrapped)
      throws IOException {
    return new TestNode(disk, store, wrapped, Log.NONE);
  }

  /// A node where changes of the store are steps of the disk.
  static TestNode stepped(MemoryDisk disk, MemoryStore store) throws IOException {
    Path steps = disk.directories("/steps").resolve("of-store");
    if (disk.exists(steps)) {
      disk.delete(steps);
    }
    SteppedStore wrapped = new SteppedStore(store, disk, steps);
    return new TestNode(disk, store, _ -> wrapped, Log.NONE);
  }

  /// The node after a power cut that has left nothing that was not durable.
  public TestNode afterPowerCut(RandomGenerator chance) throws IOException {
    MemoryDisk nextDisk = disk.afterPowerCut(chance, Keep.NOTHING);
    MemoryStore nextStore = store.afterPowerCut();
    catalog.close();
    return start(nextDisk, nextStore);
  }

  /// The node after an orderly end and a new start.
  public TestNode restarted() throws IOException {
    catalog.close();
    records.close();
    return start(disk, store);
  }

  public VdiId create(String name, long size) throws IOException {
    return found(catalog.create(new VdiName(name), shape(size)));
  }

  public VdiId clone(String name, VdiId snapshot, long size) throws IOException {
    return found(catalog.clone(new VdiName(name), snapshot, shape(size)));
  }

  /// Snapshots the working VDI.
  ///
  /// @return the new working VDI
  public VdiId snapshot(String name) throws IOException {
    return found(catalog.snapshot(new VdiName(name), working(name), shape(0)));
  }

  public VdiId working(String name) throws IOException {
    return found(catalog.lookup(new VdiName(name), "", 0));
  }

  public VdiId snapshot(String name, int snapId) throws IOException {
    return found(catalog.lookup(new VdiName(name), "", snapId));
  }

  public void delete(String name) throws IOException {
    found(catalog.delete(new VdiName(name), "", 0));
  }

  public void delete(String name, int snapId) throws IOException {
    found(catalog.delete(new VdiName(name), "", snapId));
  }

  public BlockDevice open(String name) throws IOException {
    return open(name, Optional.empty(), CacheMode.WRITEBACK);
  }

  public BlockDevice open(String name, Optional<String> snapshot, CacheMode mode)
      throws IOException {
    Exports.Answer answer = exports.open(new VdiName(name), snapshot, Optional.of(mode), CLIENT);
    return assertInstanceOf(Exports.Answer.Opened.class, answer).device();
  }

  /// The bytes of a whole disk.
  public byte[] bytes(String name, Optional<String> snapshot) throws IOException {
    try (BlockDevice device = open(name, snapshot, CacheMode.WRITEBACK)) {
      ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(device.size()));
      assertTrue(device.read(0, all, Patience.WAIT));
      return all.array();
    }
  }

  /// An inode's bytes as a client reads them.
  public ByteBuffer inode(VdiId vdi, int offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(
        Outcome.DONE,
        catalog
            .clientObjects()
            .read(ObjectId.inode(vdi), offset, bytes, CacheMode.WRITEBACK, Patience.WAIT));
    return bytes.flip();
  }

  InodeHeader header(VdiId vdi) throws IOException {
    return InodeHeader.decode(inode(vdi, 0, InodeLayout.FIELDS_END).array());
  }

  int entry(VdiId vdi, int index) throws IOException {
    return inode(vdi, InodeLayout.entry(index), InodeLayout.ENTRY_SIZE).getInt(0);
  }

  /// Waits until the space of deleted VDIs is free.
  public void awaitFreed() {
    assertTrue(catalog.awaitFreed(LIMIT), "the space of deleted VDIs is not freed");
  }

  /// The data objects of a VDI.
  public List<ObjectId> dataObjects(VdiId vdi) {
    return store.objects().stream()
        .filter(o -> o.kind() == ObjectId.Kind.DATA && o.vdi().equals(vdi))
        .toList();
  }

  @Override
  public void close() throws IOException {
    catalog.close();
    objects.close();
    records.close();
    platform.assertNoFailures();
    disk.assertNothingOpen();
  }

  static Shape shape(long size) {
    return new Shape(size, 0, 0, 0);
  }

  static VdiId found(VdiAnswer answer) {
    return assertInstanceOf(VdiAnswer.Found.class, answer).vdi();
  }

  static VdiAnswer.Reason refused(VdiAnswer answer) {
    return assertInstanceOf(VdiAnswer.Refused.class, answer).reason();
  }
}
