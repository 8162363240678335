package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.MIB;
import static dev.kelpie.vdi.TestNode.OBJECT;
import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.shape;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.vdi.ClientObjects.InvalidChange;
import dev.kelpie.vdi.ClientObjects.ReadOnlyVdi;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Clients that keep a VDI's map themselves, as QEMU does.
final class ClientObjectsTest {
  private static final VdiName VM = new VdiName("vm1");

  private TestNode node;
  private ClientObjects objects;
  private VdiId vdi;

  @BeforeEach
  void createVdi() throws IOException {
    node = TestNode.start();
    objects = node.catalog.clientObjects();
    vdi = node.create("vm1", 10 * OBJECT);
  }

  @AfterEach
  void close() throws IOException {
    node.close();
  }

  @Test
  void whatAClientAllocatesABlockDeviceSees() throws IOException {
    try (BlockDevice device = node.open("vm1")) {
      ByteBuffer one = ByteBuffer.allocate(1);
      device.read(3 * OBJECT, one, Patience.WAIT);
      assertEquals(0, one.get(0));
      create(data(3), "x");
      putEntry(vdi, 3, vdi);
      device.read(3 * OBJECT, one.clear(), Patience.WAIT);
      assertEquals('x', one.get(0));
    }
  }

  @Test
  void i12ACreateOfAnObjectInTheMapIsAppliedAsAWrite() throws IOException {
    create(data(0), "aaaa");
    putEntry(vdi, 0, vdi);
    write(data(0), 10, "later");
    create(data(0), "aaaa");
    assertEquals("aaaa", read(data(0), 0, 4));
    assertEquals("later", read(data(0), 10, 5));
  }

  @Test
  void i6ACreateOfAnObjectThatNoMapNamesShowsNoneOfItsOldBytes() throws IOException {
    create(data(0), "old bytes");
    assertEquals(
        Outcome.DONE,
        objects.create(
            data(0), Base.ZEROS, 100, bytes("new"), CacheMode.WRITEBACK, Durability.DEFERRED));
    assertEquals("\0\0\0", read(data(0), 0, 3));
    assertEquals("new", read(data(0), 100, 3));
  }

  @Test
  void aCreateWhoseObjectIsLostMakesItAgain() throws IOException {
    putEntry(vdi, 0, vdi);
    create(data(0), "x");
    assertEquals("x", read(data(0), 0, 1));
  }

  @Test
  void i11ACopyHasTheParentsBytes() throws IOException {
    create(data(0), "parent");
    putEntry(vdi, 0, vdi);
    VdiId tip = node.snapshot("vm1");
    Base base = new Base.CopyOf(data(0));
    assertEquals(
        Outcome.DONE,
        objects.create(
            ObjectId.data(tip, 0), base, 0, bytes("X"), CacheMode.WRITEBACK, Durability.DEFERRED));
    assertEquals("Xarent", read(ObjectId.data(tip, 0), 0, 6));
    assertEquals("parent", read(data(0), 0, 6));
  }

  @Test
  void dataOfASnapshotIsReadOnlyAndItsInodeIsNot() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    node.snapshot("vm1");
    assertThrows(ReadOnlyVdi.class, () -> write(data(0), 0, "y"));
    assertThrows(ReadOnlyVdi.class, () -> create(data(1), "y"));
    assertThrows(ReadOnlyVdi.class, () -> objects.discard(data(0), CacheMode.WRITEBACK));
    assertThrows(ReadOnlyVdi.class, () -> objects.remove(data(0)));
    assertThrows(
        ReadOnlyVdi.class,
        () ->
            objects.write(
                data(0), 0, bytes("y"), CacheMode.WRITEBACK, Durability.DEFERRED, Patience.NOW));
    writeInode(vdi, InodeLayout.TAG, VdiName.toField("tag", 256));
    assertEquals("tag", node.header(vdi).tag());
  }

  @Test
  void i10AnEntryThatComesAfterTheSnapshotIsRefusedAndGoesToTheTip() throws IOException {
    create(data(0), "late");
    VdiId tip = node.snapshot("vm1");
    assertThrows(ReadOnlyVdi.class, () -> putEntry(vdi, 0, vdi));
    assertEquals(0, node.entry(vdi, 0));
    putEntry(tip, 0, vdi);
    assertEquals(vdi.value(), node.entry(tip, 0));
    assertArrayEquals(
        "late".getBytes(ISO_8859_1), Arrays.copyOf(node.bytes("vm1", Optional.empty()), 4));
    StoreCheck.check(node, "late entry");
  }

  @Test
  void zerosOverASnapshotsMapAreIgnored() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    node.snapshot("vm1");
    writeInode(vdi, InodeLayout.entry(0), new byte[512]);
    assertEquals(vdi.value(), node.entry(vdi, 0));
    assertEquals(1, node.dataObjects(vdi).size());
  }

  @Test
  void oldKnowledgeDoesNotRevertAnEntry() throws IOException {
    create(data(0), "a");
    putEntry(vdi, 0, vdi);
    VdiId second = node.snapshot("vm1");
    create(ObjectId.data(second, 0), "b");
    putEntry(second, 0, second);
    putEntry(second, 0, vdi);
    assertEquals(second.value(), node.entry(second, 0));
    VdiId third = node.snapshot("vm1");
    putEntry(third, 0, vdi);
    assertEquals(second.value(), node.entry(third, 0));
  }

  @Test
  void i10AnEntryOverAnOlderAncestorsGoesToTheTip() throws IOException {
    create(data(0), "a");
    putEntry(vdi, 0, vdi);
    VdiId second = node.snapshot("vm1");
    create(ObjectId.data(second, 0), "b");
    VdiId third = node.snapshot("vm1");
    assertThrows(ReadOnlyVdi.class, () -> putEntry(second, 0, second));
    putEntry(third, 0, second);
    assertEquals(second.value(), node.entry(third, 0));
    assertEquals(vdi.value(), node.entry(second, 0));
  }

  @Test
  void anEntryNeverNamesAVdiThatIsNoAncestor() throws IOException {
    VdiId stranger = node.create("other", MIB);
    VdiId tip = node.snapshot("vm1");
    node.delete("vm1", 1);
    for (VdiId wrong : List.of(stranger, vdi, new VdiId(0xabcdef))) {
      assertThrows(InvalidChange.class, () -> putEntry(tip, 0, wrong));
    }
    assertThrows(InvalidChange.class, () -> putEntries(tip, 0, 0x7fffffff));
    assertEquals(0, node.entry(tip, 0));
  }

  @Test
  void i5AClearedEntryIsDurableBeforeItsObjectIsRemoved() throws IOException {
    for (int i = 0; i < 3; i++) {
      create(data(i), "x");
    }
    putEntries(vdi, 0, vdi.value(), vdi.value(), vdi.value());
    node.store.record().clear();
    putEntries(vdi, 0, 0, vdi.value(), 0);
    List<String> changes =
        node.store.record().calls().stream()
            .filter(call -> call.change().isPresent())
            .map(c -> c.call() + " " + c.object() + " " + c.change().orElseThrow().durability())
            .toList();
    assertEquals(
        List.of(
            "WRITE " + ObjectId.inode(vdi) + " DURABLE",
            "REMOVE " + data(0) + " DEFERRED",
            "REMOVE " + data(2) + " DEFERRED"),
        changes);
    assertEquals(List.of(data(1)), node.dataObjects(vdi));
  }

  @Test
  void entriesCanBeWrittenAtOddPlacesAndOverPages() throws IOException {
    create(data(1023), "x");
    create(data(1024), "y");
    byte[] oddly =
        ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN).putInt(3, vdi.value()).array();
    writeInode(vdi, InodeLayout.entry(1022) + 1, oddly);
    assertEquals(vdi.value(), node.entry(vdi, 1023));
    putEntries(vdi, 1022, 0, vdi.value(), vdi.value(), 0);
    assertEquals(vdi.value(), node.entry(vdi, 1024));
    putEntries(vdi, 1022, 0, 0, 0, 0);
    assertEquals(List.of(), node.dataObjects(vdi));
  }

  @Test
  void aWholeInodeCanBeWrittenAsItWasRead() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    byte[] all = node.inode(vdi, 0, ObjectId.INODE_SIZE).array();
    writeInode(vdi, 0, all);
    assertArrayEquals(all, node.inode(vdi, 0, ObjectId.INODE_SIZE).array());
    assertEquals("x", read(data(0), 0, 1));
  }

  @Test
  void i22AnOldHeaderDoesNotRevertWhatServersHaveWritten() throws IOException {
    byte[] old = node.inode(vdi, 0, InodeLayout.ENTRIES).array();
    VdiId tip = node.snapshot("vm1");
    writeInode(vdi, InodeLayout.TAG, VdiName.toField("tag", 256));
    InodeHeader frozen = node.header(vdi);
    writeInode(vdi, 0, old);
    assertEquals(frozen, node.header(vdi), "a snapshot stays one and keeps its tag");
    old[0] = 'X';
    old[InodeLayout.SNAP_ID] = 77;
    old[InodeLayout.TAG] = 'T';
    old[InodeLayout.VM_CLOCK] = 5;
    InodeHeader before = node.header(tip);
    writeInode(tip, 0, old);
    InodeHeader after = node.header(tip);
    assertEquals("T", after.tag());
    assertEquals(5, after.vmClock());
    assertEquals("vm1", after.name());
    assertEquals(before.snapId(), after.snapId());
    assertEquals(before.vdi(), after.vdi());
    assertEquals(before.parent(), after.parent());
    assertEquals(before.createTime(), after.createTime());
  }

  @Test
  void theSizeGrowsWhileTheDiskIsAttachedAndNeverShrinks() throws IOException {
    try (BlockDevice device = node.open("vm1")) {
      putSize(11 * OBJECT);
      assertEquals(11 * OBJECT, device.size());
      putSize(5 * OBJECT);
      putSize(-1);
      putSize((4L << 40) + 1);
      assertEquals(11 * OBJECT, device.size());
      assertEquals(11 * OBJECT, node.header(vdi).size());
    }
  }

  @Test
  void theRestOfAnInodeIsTheClients() throws IOException {
    writeInode(vdi, 600, new byte[] {1, 2});
    writeInode(vdi, InodeLayout.ENTRIES_END + 8, new byte[] {3, 4});
    assertEquals(2, node.inode(vdi, 601, 1).get(0));
    assertEquals(4, node.inode(vdi, InodeLayout.ENTRIES_END + 9, 1).get(0));
  }

  @Test
  void i12ADiscardCanBeRepeated() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    assertEquals(Outcome.DONE, objects.discard(data(0), CacheMode.WRITEBACK));
    assertEquals(Outcome.DONE, objects.discard(data(0), CacheMode.WRITEBACK));
    assertEquals(0, node.entry(vdi, 0));
    assertEquals(List.of(), node.dataObjects(vdi));
    create(data(0), "y");
    assertEquals("y\0", read(data(0), 0, 2));
  }

  @Test
  void aDiscardOverASnapshotsObjectClearsTheEntryOnly() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    VdiId tip = node.snapshot("vm1");
    assertEquals(Outcome.DONE, objects.discard(ObjectId.data(tip, 0), CacheMode.WRITEBACK));
    assertEquals(0, node.entry(tip, 0));
    assertEquals("x", read(data(0), 0, 1));
  }

  @Test
  void objectsByIdAreNotDiscardedFromAnAttachedDisk() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    try (BlockDevice _ = node.open("vm1")) {
      assertThrows(IOException.class, () -> putEntries(vdi, 0, 0));
      assertThrows(IOException.class, () -> objects.discard(data(0), CacheMode.WRITEBACK));
    }
    assertEquals(Outcome.DONE, objects.discard(data(0), CacheMode.WRITEBACK));
  }

  @Test
  void removalOfADataObjectClearsItsEntryFirst() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    create(data(1), "garbage");
    assertEquals(Outcome.DONE, objects.remove(data(0)));
    assertEquals(Outcome.DONE, objects.remove(data(1)));
    assertEquals(Outcome.NO_OBJECT, objects.remove(data(2)));
    assertEquals(0, node.entry(vdi, 0));
    StoreCheck.check(node, "removed");
  }

  @Test
  void objectsOfNoVdiAreNotThere() throws IOException {
    VdiId nobody = new VdiId(5);
    assertEquals(Outcome.NO_OBJECT, tryRead(ObjectId.data(nobody, 0)));
    assertEquals(Outcome.NO_OBJECT, tryRead(new ObjectId(0)));
    assertEquals(Outcome.NO_OBJECT, tryRead(new ObjectId(1L << 63)));
    assertEquals(
        Outcome.NO_OBJECT,
        objects.create(
            ObjectId.data(nobody, 0),
            Base.ZEROS,
            0,
            bytes("x"),
            CacheMode.WRITEBACK,
            Durability.DEFERRED));
    assertEquals(Outcome.NO_OBJECT, objects.discard(new ObjectId(0), CacheMode.WRITEBACK));
    assertEquals(Outcome.NO_OBJECT, objects.remove(ObjectId.vmState(nobody, 0)));
    assertFalse(objects.exists(new ObjectId(0)));
    objects.flush(nobody);
    assertEquals(List.of(ObjectId.inode(vdi)), node.store.objects());
  }

  @Test
  void vmStateBelongsToItsVdiAndGoesWithIt() throws IOException {
    ObjectId state = ObjectId.vmState(vdi, 0);
    create(state, "state");
    node.snapshot("vm1");
    write(state, 5, "!");
    assertEquals("state!", read(state, 0, 6));
    node.delete("vm1", 1);
    node.awaitFreed();
    assertEquals(Outcome.NO_OBJECT, tryRead(state));
  }

  @Test
  void attributesBelongToANameAndGoWithItsLastVdi() throws IOException {
    VdiId slot = new VdiId(0xc59887);
    ObjectId attribute = ObjectId.attribute(slot, 7);
    create(attribute, "value");
    node.snapshot("vm1");
    node.delete("vm1", 1);
    node.awaitFreed();
    assertEquals("value", read(attribute, 0, 5));
    TestNode restarted = node.restarted();
    assertTrue(restarted.store.objects().contains(attribute));
    node = restarted;
    node.delete("vm1");
    node.awaitFreed();
    assertEquals(List.of(), node.store.objects());
  }

  @Test
  void anImpatientWriteIsServedWhereItsInodeIsAtHand() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    assertEquals(Outcome.DONE, writeNow(data(0)));
    assertEquals(Outcome.WOULD_WAIT, writeNow(ObjectId.inode(vdi)));
    TestNode restarted = node.restarted();
    node = restarted;
    objects = node.catalog.clientObjects();
    assertEquals(Outcome.WOULD_WAIT, writeNow(data(0)));
  }

  @Test
  void aLossFailsOneFlushUnlessTheClientHasOpenedTheVdiSince() throws IOException {
    node.leases.reportLoss(vdi, "the cache is gone");
    assertThrows(IOException.class, () -> objects.flush(vdi));
    objects.flush(vdi);
    node.leases.reportLoss(vdi, "again");
    objects.opened(vdi);
    objects.flush(vdi);
  }

  @Test
  void aSnapshotThatFailsBeforeItsCommitLeavesTheDiskWritable() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    objects.flush(vdi);
    try (Faults.Ended _ = node.disk.faults().fail(DiskCall.SYNC, _ -> true)) {
      assertThrows(IOException.class, () -> node.catalog.snapshot(VM, vdi, shape(0)));
    }
    write(data(0), 0, "y");
    TestNode next = node.restarted();
    node = next;
    objects = node.catalog.clientObjects();
    node.snapshot("vm1");
  }

  @Test
  void i10AfterADoubtfulSnapshotWritesAreRefused() throws IOException {
    create(data(0), "x");
    putEntry(vdi, 0, vdi);
    node.clone("other", frozenElsewhere(), MIB);
    node.store.record().clear();
    try (Faults.Ended _ = node.disk.faults().fail(DiskCall.SYNC, _ -> newInodeIsThere(node), 1)) {
      assertThrows(IOException.class, () -> node.catalog.snapshot(VM, vdi, shape(0)));
    }
    IOException refused = assertThrows(IOException.class, () -> write(data(0), 0, "y"));
    assertTrue(String.valueOf(refused.getMessage()).contains("restart sheep"));
    assertEquals("x", read(data(0), 0, 1));
    TestNode next = node.afterPowerCut(new SplittableRandom(1));
    node = next;
    found(node.catalog.lookup(VM, "", 0));
    StoreCheck.check(node, "after doubt");
  }

  private VdiId frozenElsewhere() throws IOException {
    VdiId base = node.create("base", MIB);
    node.snapshot("base");
    return base;
  }

  /// Whether the snapshot under way has got as far as the commit.
  private static boolean newInodeIsThere(TestNode node) {
    return node.store.record().count(StoreCall.CREATE) > 0;
  }

  private ObjectId data(int index) {
    return ObjectId.data(vdi, index);
  }

  private void create(ObjectId object, String text) throws IOException {
    assertEquals(
        Outcome.DONE,
        objects.create(
            object, Base.ZEROS, 0, bytes(text), CacheMode.WRITEBACK, Durability.DEFERRED));
  }

  private void write(ObjectId object, int offset, String text) throws IOException {
    assertEquals(
        Outcome.DONE,
        objects.write(
            object, offset, bytes(text), CacheMode.WRITEBACK, Durability.DEFERRED, Patience.WAIT));
  }

  private Outcome writeNow(ObjectId object) throws IOException {
    return objects.write(
        object, 0, bytes("n"), CacheMode.WRITEBACK, Durability.DEFERRED, Patience.NOW);
  }

  private Outcome tryRead(ObjectId object) throws IOException {
    return objects.read(object, 0, ByteBuffer.allocate(1), CacheMode.WRITEBACK, Patience.WAIT);
  }

  private String read(ObjectId object, int offset, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    assertEquals(Outcome.DONE, objects.read(object, offset, into, CacheMode.DIRECT, Patience.WAIT));
    return new String(into.array(), ISO_8859_1);
  }

  private void writeInode(VdiId of, int offset, byte[] bytes) throws IOException {
    assertEquals(
        Outcome.DONE,
        objects.write(
            ObjectId.inode(of),
            offset,
            ByteBuffer.wrap(bytes),
            CacheMode.WRITEBACK,
            Durability.DEFERRED,
            Patience.WAIT));
  }

  private void putEntry(VdiId of, int index, VdiId owner) throws IOException {
    putEntries(of, index, owner.value());
  }

  private void putEntries(VdiId of, int first, int... entries) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * entries.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int entry : entries) {
      bytes.putInt(entry);
    }
    writeInode(of, InodeLayout.entry(first), bytes.array());
  }

  private void putSize(long size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(size);
    writeInode(vdi, InodeLayout.VDI_SIZE, bytes.array());
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(ISO_8859_1));
  }
}
