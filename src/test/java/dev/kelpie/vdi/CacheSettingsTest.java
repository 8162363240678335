package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.MIB;
import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.StoreRecord;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiRecord.Standing;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// How disks use the cache: what is kept, what goes along with what, and what cannot be.
final class CacheSettingsTest {
  private static final CacheSettings TUNED =
      new CacheSettings(CacheMode.WRITETHROUGH, 8 * MIB, 2 * MIB);

  private static CacheSettings of(TestNode node, VdiId vdi) throws IOException {
    return node.catalog.cacheSettings().of(vdi).orElseThrow().settings();
  }

  private static VdiAnswer change(TestNode node, VdiId vdi, CacheSettings next) throws IOException {
    return node.catalog.cacheSettings().change(vdi, _ -> next);
  }

  @Test
  void settingsOutliveARestartAndTheCacheIsToldAtOpen() throws IOException {
    TestNode node = TestNode.start();
    VdiId vdi = node.create("vm1", MIB);
    assertEquals(CacheSettings.DEFAULT, of(node, vdi));
    found(change(node, vdi, TUNED));
    assertEquals(Optional.of(TUNED), node.tuning.of(vdi));
    try (TestNode next = node.restarted()) {
      assertEquals(TUNED, of(next, vdi));
      assertEquals(Optional.of(TUNED), next.tuning.of(vdi));
    }
  }

  @Test
  void theDiskThatGoesOnAfterASnapshotKeepsThem() throws IOException {
    TestNode node = TestNode.start();
    VdiId vdi = node.create("vm1", MIB);
    found(change(node, vdi, TUNED));
    VdiId tip = node.snapshot("vm1");
    assertEquals(TUNED, of(node, tip));
    assertTrue(node.catalog.cacheSettings().of(vdi).isEmpty(), "a snapshot has none of its own");
    assertEquals(Reason.INVALID_PARMS, refused(change(node, vdi, TUNED)));
    assertEquals(List.of(tip, vdi), node.tuning.with(tip), "snapshots share the disk's quota");
    assertEquals(node.tuning.with(tip), node.catalog.cacheSettings().of(tip).orElseThrow().vdis());
    VdiId clone = node.clone("vm2", vdi, MIB);
    assertEquals(CacheSettings.DEFAULT, of(node, clone), "a clone is another disk");
    try (TestNode next = node.restarted()) {
      assertEquals(TUNED, of(next, tip));
      assertEquals(List.of(tip, vdi), next.tuning.with(vdi));
    }
  }

  @Test
  void theDiskThatComesBackWithARollbackKeepsThem_I18() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", MIB);
      VdiId tip = node.snapshot("vm1");
      found(change(node, tip, TUNED));
      VdiId back = found(node.catalog.rollback(new VdiName("vm1"), vdi, shape(MIB)));
      assertEquals(TUNED, of(node, back));
      assertEquals(List.of(tip), node.tuning.forgotten(), "what was replaced leaves the cache");
      assertEquals(Optional.of(CacheSettings.DEFAULT), node.tuning.of(tip));
      assertEquals(List.of(back, vdi), node.tuning.with(back));
    }
  }

  @Test
  void theyEndWithTheDisk_I18() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", MIB);
      VdiId tip = node.snapshot("vm1");
      found(change(node, tip, TUNED));
      node.delete("vm1");
      assertEquals(List.of(tip), node.tuning.forgotten());
      assertEquals(Optional.of(CacheSettings.DEFAULT), node.tuning.of(vdi));
      assertEquals(Reason.NO_VDI, refused(change(node, tip, TUNED)));
      VdiId again = node.create("vm1", MIB);
      assertEquals(CacheSettings.DEFAULT, of(node, again));
      node.delete("vm1", 1);
      assertEquals(
          List.of(tip), node.tuning.forgotten(), "objects of a snapshot may still be needed");
    }
  }

  @Test
  void whatCannotBeKeptIsRefused() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.tuning.reservable(4 * MIB);
      VdiId one = node.create("vm1", MIB);
      VdiId two = node.create("vm2", MIB);
      CacheSettings plain = CacheSettings.DEFAULT;
      assertEquals(
          Reason.INVALID_PARMS,
          refused(change(node, one, plain.withMax(3 * MIB).withMin(4 * MIB))));
      assertEquals(Reason.INVALID_PARMS, refused(change(node, one, plain.withMax(MIB - 1))));
      found(change(node, one, plain.withMax(MIB)));
      found(change(node, one, plain.withMin(3 * MIB)));
      assertEquals(Reason.INVALID_PARMS, refused(change(node, two, plain.withMin(MIB + 1))));
      found(change(node, two, plain.withMin(MIB)));
      VdiCacheSettings.Standing standing = node.catalog.cacheSettings().of(two).orElseThrow();
      assertEquals(4 * MIB, standing.reservable());
      assertEquals(3 * MIB, standing.reservedByOthers());
      // A smaller cache keeps nobody from changing something else, or from reserving less.
      node.tuning.reservable(2 * MIB);
      found(change(node, one, plain.withMin(3 * MIB).withMode(CacheMode.DIRECT)));
      found(change(node, one, plain.withMin(2 * MIB)));
      // Without a cache there is nothing to divide, but the mode still says when writes are
      // durable.
      node.tuning.reservable(0);
      found(change(node, one, plain.withMode(CacheMode.WRITETHROUGH)));
      assertEquals(Reason.INVALID_PARMS, refused(change(node, one, plain.withMax(MIB))));
    }
  }

  @Test
  void attachedDevicesGoOnInTheNewMode() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", 2 * ObjectId.DATA_SIZE);
      try (BlockDevice device = open(node)) {
        assertEquals(Durability.DEFERRED, write(node, device, 0).durability());
        int flushes = node.store.record().count(StoreCall.FLUSH);
        found(change(node, vdi, CacheSettings.DEFAULT.withMode(CacheMode.WRITETHROUGH)));
        assertTrue(node.store.record().count(StoreCall.FLUSH) > flushes, "what was deferred");
        assertEquals(Durability.DURABLE, write(node, device, 4096).durability());
        VdiId tip = node.snapshot("vm1");
        assertEquals(Durability.DURABLE, write(node, device, 8192).durability());
        found(change(node, tip, CacheSettings.DEFAULT.withMode(CacheMode.DIRECT)));
        assertEquals(CacheMode.DIRECT, write(node, device, 8192).mode());
        found(change(node, tip, CacheSettings.DEFAULT));
        assertEquals(Durability.DEFERRED, write(node, device, 8192).durability());
      }
    }
  }

  @Test
  void aModeThatTheClientChoseStays() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", ObjectId.DATA_SIZE);
      found(change(node, vdi, CacheSettings.DEFAULT.withMode(CacheMode.WRITETHROUGH)));
      try (BlockDevice device = node.open("vm1", Optional.empty(), CacheMode.WRITEBACK)) {
        assertEquals(Durability.DEFERRED, write(node, device, 0).durability());
      }
      try (BlockDevice device = open(node)) {
        assertEquals(Durability.DURABLE, write(node, device, 0).durability());
      }
    }
  }

  @Test
  void aPushThatFailsIsToldAndTheNewModeHolds_I2() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm1", ObjectId.DATA_SIZE);
      try (BlockDevice device = open(node)) {
        write(node, device, 0);
        try (Faults.Ended _ = node.store.faults().fail(StoreCall.FLUSH, _ -> true)) {
          assertThrows(
              IOException.class,
              () -> change(node, vdi, CacheSettings.DEFAULT.withMode(CacheMode.WRITETHROUGH)));
        }
        assertEquals(CacheMode.WRITETHROUGH, of(node, vdi).mode());
        assertEquals(Durability.DURABLE, write(node, device, 4096).durability());
      }
    }
  }

  @Test
  void recordsKeepTheirFormat() throws IOException {
    VdiId vdi = new VdiId(7);
    VdiRecord plain =
        new VdiRecord(
            vdi, new VdiName("vm"), Standing.WORKING, 2, 0, 1, 0, 7, 11, 0, CacheSettings.DEFAULT);
    byte[] first = plain.encode();
    assertEquals(1, first[0], "what an older release can read stays so");
    assertEquals(plain, VdiRecord.decode(vdi, first));
    byte[] second = plain.withCache(TUNED).encode();
    byte[] golden = new byte[first.length + 17];
    System.arraycopy(first, 0, golden, 0, 32);
    golden[0] = 2;
    golden[32] = 1;
    golden[33 + 2] = (byte) 0x80;
    golden[41 + 2] = 0x20;
    System.arraycopy(first, 32, golden, 49, first.length - 32);
    assertArrayEquals(golden, second);
    assertEquals(plain.withCache(TUNED), VdiRecord.decode(vdi, second));
    assertThrows(IOException.class, () -> VdiRecord.decode(vdi, Arrays.copyOf(second, 49)));
    golden[32] = 3;
    assertThrows(IOException.class, () -> VdiRecord.decode(vdi, golden));
  }

  private static BlockDevice open(TestNode node) throws IOException {
    return ((Exports.Answer.Opened)
            node.exports.open(
                new VdiName("vm1"),
                Optional.empty(),
                Optional.empty(),
                new Exports.Client("test", false)))
        .device();
  }

  /// Writes, and tells what the store was asked.
  private static Change write(TestNode node, BlockDevice device, long offset) throws IOException {
    node.store.record().clear();
    assertTrue(device.write(offset, ByteBuffer.allocate(512), Durability.DEFERRED, Patience.WAIT));
    return node.store.record().calls().stream()
        .filter(call -> call.object().kind() == ObjectId.Kind.DATA)
        .filter(call -> call.call() == StoreCall.WRITE || call.call() == StoreCall.CREATE)
        .findFirst()
        .flatMap(StoreRecord.Call::change)
        .orElseThrow();
  }
}
