package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.MIB;
import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Disk;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.StoreRecord;
import dev.kelpie.vdi.TestNode;
import dev.kelpie.volume.BlockDevice.ReadOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class VolumeTest {
  private TestNode node;
  private VdiId vdi;
  private BlockDevice device;

  @BeforeEach
  void createAndOpen() throws IOException {
    node = TestNode.start();
    vdi = node.create("vm1", 5 * OBJECT + 1000);
    device = node.open("vm1");
  }

  @AfterEach
  void close() throws IOException {
    device.close();
    node.close();
  }

  @Test
  void whatWasNeverWrittenIsZeros() throws IOException {
    assertArrayEquals(new byte[100], read(device, 5 * OBJECT + 900, 100));
    assertEquals(List.of(ObjectId.inode(vdi)), node.store.objects());
    assertEquals(5 * OBJECT + 1000, device.size());
    assertFalse(device.readOnly());
  }

  @Test
  void writesOverObjectBordersAreReadBack() throws IOException {
    byte[] bytes = random(2 * (int) OBJECT, 1);
    write(device, OBJECT / 2 + 1, bytes);
    assertArrayEquals(bytes, read(device, OBJECT / 2 + 1, bytes.length));
    assertEquals(0, read(device, OBJECT / 2, 1)[0]);
    assertEquals(3, node.dataObjects(vdi).size());
    assertEquals(vdi.value(), node.inode(vdi, 4664, 4).getInt(0));
  }

  @Test
  void aBufferIsAdvancedAndKeepsItsLimit() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(3 * (int) OBJECT);
    buffer.position(5).limit(5 + 2 * (int) OBJECT);
    assertTrue(device.write(7, buffer, Durability.DEFERRED, Patience.WAIT));
    assertEquals(5 + 2 * (int) OBJECT, buffer.position());
    assertEquals(5 + 2 * (int) OBJECT, buffer.limit());
    buffer.position(5);
    assertTrue(device.read(7, buffer, Patience.WAIT));
    assertEquals(5 + 2 * (int) OBJECT, buffer.position());
  }

  @Test
  void rangesOutsideTheDiskAreTheCallersError() {
    ByteBuffer two = ByteBuffer.allocate(2);
    assertThrows(
        IllegalArgumentException.class, () -> device.read(device.size() - 1, two, Patience.WAIT));
    assertThrows(
        IllegalArgumentException.class,
        () -> device.write(-1, two, Durability.DEFERRED, Patience.WAIT));
    assertThrows(
        IllegalArgumentException.class, () -> device.trim(1, Long.MAX_VALUE, Durability.DEFERRED));
  }

  @Test
  void nothingAtTheEndOfTheDiskIsARange() throws IOException {
    assertTrue(device.read(device.size(), ByteBuffer.allocate(0), Patience.NOW));
    assertTrue(
        device.write(device.size(), ByteBuffer.allocate(0), Durability.DURABLE, Patience.WAIT));
    device.trim(device.size(), 0, Durability.DURABLE);
    assertTrue(device.zeroIsFast(device.size(), 0));
  }

  @Test
  void handlesOfOneVdiSeeEachOther() throws IOException {
    try (BlockDevice other = node.open("vm1", Optional.empty(), CacheMode.DIRECT)) {
      write(device, 10, new byte[] {1, 2, 3});
      assertArrayEquals(new byte[] {1, 2, 3}, read(other, 10, 3));
    }
  }

  @Test
  void flushMakesEverythingDurable() throws IOException {
    byte[] bytes = random(100, 2);
    write(device, OBJECT - 50, bytes);
    device.flush();
    TestNode after = node.afterPowerCut(new SplittableRandom(1));
    assertArrayEquals(
        bytes,
        Arrays.copyOfRange(
            after.bytes("vm1", Optional.empty()), (int) OBJECT - 50, (int) OBJECT + 50));
    continueOn(after);
  }

  @Test
  void withoutFlushADeferredWriteMayBeLostWholeAndTheMapWithIt() throws IOException {
    write(device, 0, random(100, 3));
    TestNode after = node.afterPowerCut(new SplittableRandom(1));
    assertArrayEquals(new byte[100], Arrays.copyOf(after.bytes("vm1", Optional.empty()), 100));
    continueOn(after);
  }

  @Test
  void i24AForcedWriteIsDurableWithItsEntry() throws IOException {
    byte[] bytes = random(100, 4);
    write(device, 0, random(100, 5));
    assertTrue(device.write(50, ByteBuffer.wrap(bytes), Durability.DURABLE, Patience.WAIT));
    assertTrue(device.write(OBJECT, ByteBuffer.wrap(bytes), Durability.DURABLE, Patience.WAIT));
    TestNode after = node.afterPowerCut(new SplittableRandom(1));
    byte[] disk = after.bytes("vm1", Optional.empty());
    assertArrayEquals(bytes, Arrays.copyOfRange(disk, 50, 150));
    assertArrayEquals(bytes, Arrays.copyOfRange(disk, (int) OBJECT, (int) OBJECT + 100));
    continueOn(after);
  }

  @Test
  void i24ForcedWritesDoNotWriteTheEntryAgainAndAgain() throws IOException {
    write(device, 0, new byte[10]);
    force(0);
    node.store.record().clear();
    force(1);
    assertEquals(1, node.store.record().count(StoreCall.WRITE));
    write(device, OBJECT, new byte[10]);
    device.flush();
    node.store.record().clear();
    force(OBJECT);
    assertEquals(1, node.store.record().count(StoreCall.WRITE));
  }

  @Test
  void writeThroughIsDurableWithoutAFlush() throws IOException {
    byte[] bytes = random(100, 6);
    device.close();
    device = node.open("vm1", Optional.empty(), CacheMode.WRITETHROUGH);
    write(device, 0, bytes);
    TestNode after = node.afterPowerCut(new SplittableRandom(1));
    assertArrayEquals(bytes, Arrays.copyOf(after.bytes("vm1", Optional.empty()), 100));
    continueOn(after);
  }

  @Test
  void modesArePassedToTheStore() throws IOException {
    for (CacheMode mode : CacheMode.values()) {
      try (BlockDevice other = node.open("vm1", Optional.empty(), mode)) {
        write(other, 0, new byte[10]);
        node.store.record().clear();
        write(other, 0, new byte[10]);
        Change ordinary = onlyWrite();
        assertEquals(mode, ordinary.mode());
        assertEquals(
            mode == CacheMode.WRITETHROUGH ? Durability.DURABLE : Durability.DEFERRED,
            ordinary.durability());
        other.write(0, ByteBuffer.allocate(10), Durability.DURABLE, Patience.WAIT);
        node.store.record().clear();
        other.write(0, ByteBuffer.allocate(10), Durability.DURABLE, Patience.WAIT);
        Change forced = onlyWrite();
        assertEquals(
            mode == CacheMode.DIRECT ? CacheMode.DIRECT : CacheMode.WRITETHROUGH, forced.mode());
        assertEquals(Durability.DURABLE, forced.durability());
      }
    }
  }

  @Test
  void i5AnEntryIsNeverWrittenBeforeItsObjectIsAnsweredAndAsDurable() throws IOException {
    node.store.record().clear();
    write(device, 0, new byte[10]);
    device.write(OBJECT, ByteBuffer.allocate(10), Durability.DURABLE, Patience.WAIT);
    assertEquals(
        List.of(
            "CREATE " + ObjectId.data(vdi, 0) + " DEFERRED",
            "WRITE " + ObjectId.inode(vdi) + " DEFERRED",
            "CREATE " + ObjectId.data(vdi, 1) + " DURABLE",
            "WRITE " + ObjectId.inode(vdi) + " DURABLE"),
        changes());
  }

  @Test
  void i5AFailedCreateLeavesTheMapAlone() throws IOException {
    try (Faults.Ended _ = node.store.faults().fail(StoreCall.CREATE, _ -> true)) {
      assertThrows(IOException.class, () -> write(device, 0, new byte[10]));
    }
    assertEquals(0, node.inode(vdi, 4664, 4).getInt(0));
    write(device, 0, new byte[] {1});
    assertEquals(1, read(device, 0, 1)[0]);
  }

  @Test
  void i5AnObjectIsRemovedOnlyAfterItsEntryIsDurablyCleared() throws IOException {
    write(device, 0, random(3 * (int) OBJECT, 7));
    device.flush();
    node.store.record().clear();
    device.trim(0, 3 * OBJECT, Durability.DEFERRED);
    assertEquals(
        List.of(
            "WRITE " + ObjectId.inode(vdi) + " DURABLE",
            "REMOVE " + ObjectId.data(vdi, 0) + " DEFERRED",
            "REMOVE " + ObjectId.data(vdi, 1) + " DEFERRED",
            "REMOVE " + ObjectId.data(vdi, 2) + " DEFERRED"),
        changes());
  }

  @Test
  void aFailedWriteOfAnEntryIsSettledBeforeTheObjectIsUsed() throws IOException {
    write(device, 0, new byte[] {1});
    device.flush();
    try (Faults.Ended _ =
        node.store.faults().fail(StoreCall.WRITE, ObjectId.inode(vdi)::equals, 1)) {
      assertThrows(IOException.class, () -> device.trim(0, OBJECT, Durability.DEFERRED));
    }
    assertEquals(1, read(device, 0, 1)[0]);
    node.store.record().clear();
    write(device, 1, new byte[] {2});
    assertEquals(
        List.of(
            "WRITE " + ObjectId.inode(vdi) + " DURABLE",
            "WRITE " + ObjectId.data(vdi, 0) + " DEFERRED"),
        changes());
  }

  @Test
  void trimFreesWholeObjectsAndZerosParts() throws IOException {
    byte[] model = random((int) device.size(), 8);
    write(device, 0, model);
    device.trim(OBJECT / 2, 2 * OBJECT, Durability.DEFERRED);
    Arrays.fill(model, (int) OBJECT / 2, (int) OBJECT / 2 + 2 * (int) OBJECT, (byte) 0);
    assertArrayEquals(model, read(device, 0, model.length));
    assertEquals(5, node.dataObjects(vdi).size());
  }

  @Test
  void theLastObjectIsWholeWhereTheDiskEnds() throws IOException {
    write(device, 5 * OBJECT, new byte[1000]);
    device.trim(5 * OBJECT, 999, Durability.DEFERRED);
    assertEquals(1, node.dataObjects(vdi).size());
    device.trim(5 * OBJECT, 1000, Durability.DEFERRED);
    assertEquals(0, node.dataObjects(vdi).size());
  }

  @Test
  void partsOfHolesStayHoles() throws IOException {
    device.trim(10, 100, Durability.DEFERRED);
    device.zero(10, 2 * OBJECT, false, Durability.DURABLE);
    assertEquals(0, node.dataObjects(vdi).size());
  }

  @Test
  void zerosThatMustBeAllocatedAre() throws IOException {
    write(device, 0, random(100, 9));
    device.zero(50, 2 * OBJECT, true, Durability.DEFERRED);
    assertEquals(3, node.dataObjects(vdi).size());
    assertArrayEquals(new byte[50], read(device, 50, 50));
    assertEquals(List.of("true " + 3 * OBJECT), runs(0, 3 * OBJECT));
  }

  @Test
  void zeroIsFastWhereOnlyObjectsAreFreedOrSkipped() throws IOException {
    write(device, OBJECT, new byte[10]);
    read(device, 0, 1);
    assertTrue(device.zeroIsFast(OBJECT, OBJECT));
    assertTrue(device.zeroIsFast(10, OBJECT - 10));
    assertTrue(device.zeroIsFast(OBJECT / 2, OBJECT / 2 + OBJECT));
    assertFalse(device.zeroIsFast(OBJECT / 2, OBJECT));
    assertFalse(device.zeroIsFast(OBJECT + 1, 5));
  }

  @Test
  void statusMergesObjectsOfOneKind() throws IOException {
    write(device, OBJECT, new byte[(int) OBJECT + 1]);
    assertEquals(
        List.of("false " + OBJECT, "true " + 2 * OBJECT, "false " + (2 * OBJECT + 1000)),
        runs(0, device.size()));
    assertEquals(List.of("true 1", "false 4"), runs(3 * OBJECT - 1, 5));
    List<String> first = new ArrayList<>();
    device.status(
        0,
        device.size(),
        (length, allocated) -> {
          first.add(allocated + " " + length);
          return false;
        });
    assertEquals(List.of("false " + OBJECT), first);
  }

  @Test
  void prefetchAsksForAllocatedPiecesOnly() throws IOException {
    write(device, 0, new byte[10]);
    node.store.record().clear();
    device.prefetch(10, 2 * OBJECT);
    assertEquals(
        List.of(ObjectId.data(vdi, 0)),
        node.store.record().calls(StoreCall.PREFETCH).stream()
            .map(StoreRecord.Call::object)
            .toList());
  }

  @Test
  void anImpatientRequestIsServedIfAllIsAtHand() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    assertFalse(device.read(0, buffer, Patience.NOW), "the map is not loaded");
    assertFalse(device.write(0, buffer, Durability.DEFERRED, Patience.NOW), "nothing is there");
    write(device, 0, random(10, 10));
    assertTrue(device.write(0, buffer, Durability.DEFERRED, Patience.NOW));
    assertEquals(10, buffer.position());
    assertTrue(device.read(0, buffer.clear(), Patience.NOW));
    assertTrue(device.read(OBJECT, buffer.clear(), Patience.NOW), "a hole is at hand");
    assertFalse(device.read(OBJECT - 5, buffer.clear(), Patience.NOW), "two objects");
    assertEquals(0, buffer.position());
    node.store.wouldAlwaysWait(true);
    assertFalse(device.read(0, buffer, Patience.NOW));
    assertFalse(device.write(0, buffer, Durability.DEFERRED, Patience.NOW));
    assertEquals(0, buffer.position());
  }

  @Test
  void aFullStoreSaysSo() throws IOException {
    node.store.objectsMax(1);
    assertThrows(Disk.NoSpace.class, () -> write(device, 0, new byte[10]));
    assertEquals(0, read(device, 0, 1)[0]);
    node.store.objectsMax(2);
    write(device, 0, new byte[] {1});
    assertEquals(1, read(device, 0, 1)[0]);
  }

  @Test
  void aSnapshotIsReadOnly() throws IOException {
    write(device, 0, new byte[] {1});
    node.snapshot("vm1");
    write(device, 0, new byte[] {2});
    try (BlockDevice snapshot = node.open("vm1", Optional.of("1"), CacheMode.WRITEBACK)) {
      assertTrue(snapshot.readOnly());
      assertEquals(1, read(snapshot, 0, 1)[0]);
      assertThrows(ReadOnly.class, () -> write(snapshot, 0, new byte[1]));
      assertThrows(ReadOnly.class, () -> snapshot.trim(0, 1, Durability.DEFERRED));
      assertThrows(ReadOnly.class, () -> snapshot.zero(0, 1, true, Durability.DEFERRED));
      snapshot.flush();
    }
    assertEquals(2, read(device, 0, 1)[0]);
  }

  @Test
  void i11CopyOnWriteHasTheParentsLastContent() throws IOException {
    byte[] model = random((int) OBJECT, 11);
    write(device, 0, model);
    VdiId tip = node.snapshot("vm1");
    byte[] over = random(1000, 12);
    write(device, 5000, over);
    byte[] now = model.clone();
    System.arraycopy(over, 0, now, 5000, 1000);
    assertArrayEquals(now, read(device, 0, (int) OBJECT));
    try (BlockDevice snapshot = node.open("vm1", Optional.of("1"), CacheMode.WRITEBACK)) {
      assertArrayEquals(model, read(snapshot, 0, (int) OBJECT));
    }
    assertEquals(List.of(ObjectId.data(tip, 0)), node.dataObjects(tip));
  }

  @Test
  void trimOfASnapshotsObjectsLeavesThem() throws IOException {
    byte[] model = random(2 * (int) OBJECT, 13);
    write(device, 0, model);
    node.snapshot("vm1");
    device.trim(0, OBJECT + 100, Durability.DEFERRED);
    assertArrayEquals(new byte[(int) OBJECT + 100], read(device, 0, (int) OBJECT + 100));
    try (BlockDevice snapshot = node.open("vm1", Optional.of("1"), CacheMode.WRITEBACK)) {
      assertArrayEquals(model, read(snapshot, 0, model.length));
    }
  }

  @Test
  void aVdiThatIsOpenIsNotDeletedOrRolledBack() throws IOException {
    VdiName name = new VdiName("vm1");
    assertEquals("Refused[reason=VDI_LOCKED]", node.catalog.delete(name, "", 0).toString());
    node.snapshot("vm1");
    assertEquals(
        "Refused[reason=VDI_LOCKED]",
        node.catalog
            .rollback(name, vdi, new dev.kelpie.vdi.VdiDirectory.Shape(MIB, 0, 0, 0))
            .toString());
    assertEquals(
        "Refused[reason=VDI_LOCKED]",
        node.catalog
            .snapshot(name, vdi, new dev.kelpie.vdi.VdiDirectory.Shape(MIB, 0, 0, 0))
            .toString());
    node.delete("vm1", 1);
    write(device, 0, new byte[] {1});
  }

  @Test
  void unknownDisksAreRefusedWithAReason() throws IOException {
    Exports.Client client = new Exports.Client("test", true);
    Exports.Answer unknown =
        node.exports.open(new VdiName("vm2"), Optional.empty(), Optional.empty(), client);
    assertEquals(
        Exports.Reason.UNKNOWN, assertInstanceOf(Exports.Answer.Refused.class, unknown).reason());
    Exports.Answer noSnapshot =
        node.exports.open(new VdiName("vm1"), Optional.of("x"), Optional.empty(), client);
    assertEquals(
        Exports.Reason.UNKNOWN,
        assertInstanceOf(Exports.Answer.Refused.class, noSnapshot).reason());
    assertEquals(List.of("vm1"), node.exports.names());
  }

  @Test
  void aLossFailsOneBarrierOfARemoteClient() throws IOException {
    node.leases.reportLoss(vdi, "the cache is gone");
    Exports.Answer local =
        node.exports.open(
            new VdiName("vm1"),
            Optional.empty(),
            Optional.empty(),
            new Exports.Client("here", true));
    try (BlockDevice here = assertInstanceOf(Exports.Answer.Opened.class, local).device()) {
      here.flush();
    }
    node.snapshot("vm1");
    write(device, 0, new byte[1]);
    IOException lost = assertThrows(IOException.class, () -> force(0));
    assertTrue(String.valueOf(lost.getMessage()).contains("the cache is gone"));
    device.flush();
    force(0);
  }

  @Test
  void aLossWhileALocalClientIsThereFailsItsBarrierToo_I16() throws IOException {
    Exports.Answer local =
        node.exports.open(
            new VdiName("vm1"),
            Optional.empty(),
            Optional.empty(),
            new Exports.Client("here", true));
    try (BlockDevice here = assertInstanceOf(Exports.Answer.Opened.class, local).device()) {
      node.leases.reportLoss(vdi, "a dirty block is damaged");
      assertThrows(IOException.class, here::flush);
      here.flush();
    }
  }

  @Test
  void closingFlushesAndReportsAFailure() throws IOException {
    BlockDevice other = node.open("vm1");
    write(other, 0, new byte[10]);
    try (Faults.Ended _ = node.store.faults().fail(StoreCall.FLUSH, _ -> true)) {
      assertThrows(IOException.class, other::close);
    }
    device.close();
    node.delete("vm1");
    node.awaitFreed();
    assertEquals(List.of(), node.store.objects());
    vdi = node.create("vm1", MIB);
    device = node.open("vm1");
  }

  private void continueOn(TestNode after) throws IOException {
    node = after;
    device = node.open("vm1");
  }

  private void force(long offset) throws IOException {
    device.write(offset, ByteBuffer.allocate(1), Durability.DURABLE, Patience.WAIT);
  }

  private Change onlyWrite() {
    List<StoreRecord.Call> writes = node.store.record().calls(StoreCall.WRITE);
    assertEquals(1, writes.size());
    return writes.getFirst().change().orElseThrow();
  }

  private List<String> changes() {
    return node.store.record().calls().stream()
        .filter(call -> call.change().isPresent())
        .map(c -> c.call() + " " + c.object() + " " + c.change().orElseThrow().durability())
        .toList();
  }

  private List<String> runs(long offset, long length) throws IOException {
    List<String> runs = new ArrayList<>();
    device.status(offset, length, (run, allocated) -> runs.add(allocated + " " + run));
    return runs;
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  private static void write(BlockDevice device, long offset, byte[] bytes) throws IOException {
    assertTrue(device.write(offset, ByteBuffer.wrap(bytes), Durability.DEFERRED, Patience.WAIT));
  }

  private static byte[] read(BlockDevice device, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    assertTrue(device.read(offset, bytes, Patience.WAIT));
    return bytes.array();
  }
}
