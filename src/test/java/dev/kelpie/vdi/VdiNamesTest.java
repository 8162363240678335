package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.MIB;
import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiDirectory.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Names and ids, as spec/protocol-and-cache.md §1.13 and §1.14 have them.
final class VdiNamesTest {
  private static final VdiName VM = new VdiName("vm1");

  @Test
  void idsComeFromTheHashOfTheName() throws IOException {
    try (TestNode node = TestNode.start()) {
      assertEquals(new VdiId(0x7c2b25), node.create("test", MIB));
      assertEquals(new VdiId(0xed202b), node.create("alpha", MIB));
      assertEquals(new VdiId(0x06220b), node.create("base1", MIB));
      assertEquals(new VdiId(0xc59887), node.create("vm1", MIB));
      assertTrue(node.catalog.inUse().get(0xc59887));
      assertEquals(4, node.catalog.inUse().cardinality());
    }
  }

  @Test
  void eachGenerationOfANameTakesTheNextFreeId() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.create("vm1", MIB);
      assertEquals(new VdiId(0xc59888), node.snapshot("vm1"));
      assertEquals(new VdiId(0xc59889), node.snapshot("vm1"));
      assertEquals(3, node.header(new VdiId(0xc59889)).snapId());
      assertEquals(0xc59888, node.header(new VdiId(0xc59889)).parent());
    }
  }

  @Test
  void anIdStaysInUseWhenItsVdiIsGone() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.create("vm1", MIB);
      node.delete("vm1");
      node.awaitFreed();
      assertEquals(List.of(), node.store.objects());
      assertEquals(new VdiId(0xc59888), node.create("vm1", MIB));
    }
  }

  @Test
  void theSearchForAnIdWrapsAndSkipsZero() throws IOException {
    try (TestNode node = startWithUsed(0x7c2b25, VdiId.COUNT)) {
      assertEquals(new VdiId(1), node.create("test", MIB));
      assertEquals(new VdiId(2), node.snapshot("test"));
      assertEquals(new VdiId(1), node.snapshot("test", 1));
      assertEquals(new VdiId(2), node.working("test"));
    }
  }

  @Test
  void whereAllIdsAreInUseNothingIsFoundOrMade() throws IOException {
    try (TestNode node = startWithUsed(0, VdiId.COUNT)) {
      assertEquals(Reason.FULL_VDI, refused(node.catalog.lookup(VM, "", 0)));
      assertEquals(Reason.FULL_VDI, refused(node.catalog.create(VM, shape(MIB))));
    }
  }

  @Test
  void usedIdsAreKnownAfterARestart() throws IOException {
    TestNode node = TestNode.start();
    node.create("vm1", MIB);
    node.delete("vm1");
    node.awaitFreed();
    try (TestNode next = node.restarted()) {
      assertEquals(1, next.catalog.inUse().cardinality());
      assertTrue(next.catalog.inUse().get(0xc59887));
      assertEquals(new VdiId(0xc59888), next.create("vm1", MIB));
    }
  }

  @Test
  void lookupsAnswerAsTheOriginal() throws IOException {
    try (TestNode node = TestNode.start()) {
      assertEquals(Reason.NO_VDI, refused(node.catalog.lookup(VM, "", 0)));
      assertEquals(Reason.NO_VDI, refused(node.catalog.lookup(VM, "tag", 0)));
      VdiId first = node.create("vm1", MIB);
      assertEquals(first, found(node.catalog.lookup(VM, "", 0)));
      assertEquals(Reason.NO_TAG, refused(node.catalog.lookup(VM, "tag", 0)));
      assertEquals(Reason.NO_TAG, refused(node.catalog.lookup(VM, "", 1)));
      tag(node, first, "tag");
      assertEquals(Reason.NO_TAG, refused(node.catalog.lookup(VM, "tag", 0)));
      VdiId second = node.snapshot("vm1");
      assertEquals(first, found(node.catalog.lookup(VM, "tag", 0)));
      assertEquals(first, found(node.catalog.lookup(VM, "", 1)));
      assertEquals(second, found(node.catalog.lookup(VM, "", 0)));
      assertEquals(Reason.NO_TAG, refused(node.catalog.lookup(VM, "", 2)));
      assertEquals(Reason.NO_TAG, refused(node.catalog.lookup(VM, "other", 0)));
      node.delete("vm1");
      assertEquals(Reason.NO_VDI, refused(node.catalog.lookup(VM, "", 0)));
      assertEquals(Reason.NO_VDI, refused(node.catalog.lookup(VM, "other", 0)));
      assertEquals(first, found(node.catalog.lookup(VM, "tag", 0)));
      assertEquals(Reason.NO_VDI, refused(node.catalog.delete(VM, "", 0)));
    }
  }

  @Test
  void ofSnapshotsWithOneTagTheNewestIsFound() throws IOException {
    try (TestNode node = TestNode.start()) {
      tag(node, node.create("vm1", MIB), "tag");
      VdiId second = node.snapshot("vm1");
      tag(node, second, "tag");
      node.snapshot("vm1");
      assertEquals(second, found(node.catalog.lookup(VM, "tag", 0)));
    }
  }

  @Test
  void aNameWithSnapshotsOnlyCanBeCreatedAnewAndCountsOn() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.create("vm1", MIB);
      node.snapshot("vm1");
      node.delete("vm1");
      VdiId third = node.create("vm1", MIB);
      assertEquals(new VdiId(0xc59889), third);
      assertEquals(2, node.header(third).snapId());
      assertEquals(Reason.VDI_EXIST, refused(node.catalog.create(VM, shape(MIB))));
    }
  }

  @Test
  void wrongShapesAndBasesAreRefused() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId working = node.create("vm1", MIB);
      VdiName other = new VdiName("other");
      assertEquals(
          Reason.INVALID_PARMS, refused(node.catalog.create(other, shape((4L << 40) + 1))));
      assertEquals(Reason.INVALID_PARMS, refused(node.catalog.create(other, shape(-1))));
      assertEquals(
          Reason.INVALID_PARMS, refused(node.catalog.create(other, new Shape(MIB, 32, 0, 0))));
      assertEquals(
          Reason.INVALID_PARMS, refused(node.catalog.create(other, new Shape(MIB, 0, 0x22, 0))));
      assertEquals(
          Reason.INVALID_PARMS, refused(node.catalog.create(other, new Shape(MIB, 0, 0, 1))));
      assertEquals(Reason.INVALID_PARMS, refused(node.catalog.clone(other, working, shape(MIB))));
      assertEquals(
          Reason.NO_BASE_VDI, refused(node.catalog.clone(other, new VdiId(5), shape(MIB))));
      assertEquals(Reason.NO_VDI, refused(node.catalog.snapshot(other, new VdiId(5), shape(MIB))));
      assertEquals(1, node.catalog.inUse().cardinality());
      assertEquals(List.of(ObjectId.inode(working)), node.store.objects());
    }
  }

  @Test
  void nothingIsMadeBeforeTheClusterIsFormatted() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TestPlatform platform = new TestPlatform(disk);
    try (Coordination records =
        new EmbeddedCoordination(platform.platform(), Log.NONE, disk.directories("/node"))) {
      LeaseBook leases = new LeaseBook(platform.platform(), Log.NONE, records, "node");
      leases.begin(LeaseBook.NO_CACHE, Set.of());
      try (VdiCatalog catalog =
          new VdiCatalog(
              platform.platform(),
              Log.NONE,
              records,
              new MemoryStore(),
              leases,
              () -> 0,
              CacheTuning.NONE)) {
        assertEquals(Reason.WAIT_FOR_FORMAT, refused(catalog.create(VM, shape(MIB))));
      }
    }
  }

  @Test
  void aFullStoreRefusesANewVdiAndLeavesNothing() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.store.objectsMax(0);
      assertEquals(Reason.NO_SPACE, refused(node.catalog.create(VM, shape(MIB))));
      node.store.objectsMax(10);
      assertEquals(new VdiId(0xc59887), node.create("vm1", MIB));
    }
  }

  @Test
  void theInodeSaysWhatWasAskedFor() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = found(node.catalog.create(VM, new Shape(5 * MIB, 3, 0, 0)));
      long now = InodeHeader.time(node.clock.now());
      InodeHeader right =
          new InodeHeader("vm1", "", now, 0, 0, 5 * MIB, 0, 0, 0, 3, 22, 1, vdi.value(), 0);
      assertEquals(right, node.header(vdi));
      assertEquals(
          Optional.of(
              new VdiDirectory.State(vdi, VM, false, 1, 3, 0, VdiDirectory.Lock.NONE, List.of())),
          node.catalog.state(vdi));
      node.clock.advance(java.time.Duration.ofSeconds(1));
      VdiId tip = node.snapshot("vm1");
      assertEquals(now + (1L << 32), node.header(vdi).snapTime());
      assertEquals(5 * MIB, node.header(tip).size());
      assertEquals(3, node.header(tip).copies());
      assertEquals(now + (1L << 32), node.header(tip).createTime());
    }
  }

  @Test
  void aDeletedVdiHasAnInodeWithoutAName() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", MIB);
      node.delete("vm1");
      assertEquals("", node.header(vdi).name());
      node.awaitFreed();
      assertEquals("", node.header(vdi).name());
      assertEquals(0, node.entry(vdi, 0));
      assertFalse(node.catalog.clientObjects().exists(ObjectId.inode(vdi)));
      ByteBuffer one = ByteBuffer.allocate(1);
      assertEquals(
          Outcome.NO_OBJECT,
          node.catalog
              .clientObjects()
              .read(ObjectId.inode(new VdiId(5)), 0, one, CacheMode.WRITEBACK, Patience.WAIT));
    }
  }

  private static void tag(TestNode node, VdiId vdi, String tag) throws IOException {
    ByteBuffer field = ByteBuffer.wrap(VdiName.toField(tag, InodeLayout.TEXT_SIZE));
    assertEquals(
        Outcome.DONE,
        node.catalog
            .clientObjects()
            .write(
                ObjectId.inode(vdi),
                InodeLayout.TAG,
                field,
                CacheMode.WRITETHROUGH,
                Durability.DURABLE,
                Patience.WAIT));
  }

  /// A node on which the ids of a range were used.
  private static TestNode startWithUsed(int from, int to) throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TestPlatform platform = new TestPlatform(disk);
    try (Coordination records =
        new EmbeddedCoordination(platform.platform(), Log.NONE, disk.directories("/node"))) {
      List<Put> puts = new ArrayList<>();
      for (int chunk = from / Keys.USED_IDS; chunk < to / Keys.USED_IDS; chunk++) {
        byte[] bits = new byte[Keys.USED_IDS / Byte.SIZE];
        Arrays.fill(bits, (byte) 0xff);
        for (int id = chunk * Keys.USED_IDS; id < from; id++) {
          int bit = id % Keys.USED_IDS;
          bits[bit / Byte.SIZE] &= (byte) ~(1 << bit % Byte.SIZE);
        }
        puts.add(new Put(Keys.USED + String.format("%03x", chunk), Optional.of(bits), 0));
      }
      assertTrue(records.commit(puts));
    }
    return TestNode.start(disk, new MemoryStore());
  }
}
