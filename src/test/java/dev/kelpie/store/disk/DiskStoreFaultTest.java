package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.Durability;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.Outcome;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Damaged bytes are never served; a failing disk is taken out and named; a full one refuses what
/// needs space and nothing else. The store lives through all of it.
final class DiskStoreFaultTest {
  private static final VdiId VDI = new VdiId(1);
  private static final ObjectId A = ObjectId.data(VDI, 1);
  private static final ObjectId B = ObjectId.data(VDI, 2);
  private static final int SECTOR_BITS = 512 * 8;
  private static final int TRAILER_BIT = (4 << 20) * 8;

  private final StoreRig rig = new StoreRig("/one");

  @AfterEach
  void closeIt() throws IOException {
    rig.end();
  }

  // Rot.

  @Test
  void aFlippedBitOfDataIsNotServedAndIsNamedOnce() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 20_000);
    rig.flip(A, 8192 * 8 + 5);
    for (int i = 0; i < 3; i++) {
      ObjectDamaged damaged = assertThrows(ObjectDamaged.class, () -> rig.read(A, 9000, 1));
      assertSays(damaged, "/one/obj/" + A);
      assertSays(damaged, "at byte 8192");
    }
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 0, 20_000));
    assertEquals(
        1, rig.said(Level.ERROR, "object " + A + " is damaged at byte 8192 in /one/obj/" + A));
    assertArrayEquals(slice(bytes, 0, 8192), rig.read(A, 0, 8192), "the rest is served");
    assertArrayEquals(slice(bytes, 12_288, 20_000), rig.read(A, 12_288, 20_000 - 12_288));
    assertEquals(1, rig.store().check().findings().size());
    assertEquals(8192, rig.store().check().findings().getFirst().offset());
  }

  @Test
  void aWriteOfTheWholeBlockHealsDamageAndOneOfAPartDoesNot() throws IOException {
    rig.open();
    rig.create(A, 0, 20_000);
    rig.flip(A, 8192 * 8 + 5);
    assertThrows(ObjectDamaged.class, () -> rig.write(A, 8192, 100, Durability.DURABLE));
    assertThrows(ObjectDamaged.class, () -> rig.write(A, 4096, 5000, Durability.DURABLE));
    byte[] healed = rig.write(A, 8192, 4096, Durability.DURABLE);
    assertArrayEquals(healed, rig.read(A, 8192, 4096));
    assertTrue(rig.store().check().clean());
  }

  @Test
  void aCopyOfADamagedParentIsRefused() throws IOException {
    rig.open();
    rig.create(A, 0, 20_000);
    rig.flip(A, 8192 * 8 + 5);
    assertThrows(
        ObjectDamaged.class,
        () ->
            rig.store()
                .create(B, new Base.CopyOf(A), List.of(), StoreRig.change(B, Durability.DURABLE)));
    assertTrue(rig.store().stat(B).isEmpty());
    rig.create(B, 0, 10);
  }

  @Test
  void aFlippedBitOfTheTableLosesTheBlocksOfItsSectorOnly() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 1 << 20);
    rig.reopen();
    rig.flip(A, TRAILER_BIT + SECTOR_BITS + 77);
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 126 * 4096, 1));
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 0, 1));
    assertArrayEquals(
        slice(bytes, 127 * 4096, 1 << 20), rig.read(A, 127 * 4096, (1 << 20) - 127 * 4096));
    rig.write(A, 0, 4096, Durability.DURABLE);
    rig.reopen();
    rig.read(A, 0, 4096);
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 4096, 1), "still lost after a restart");
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 126 * 4096, 1));
  }

  @Test
  void anObjectWithADamagedHeaderCanBeReplacedOrRemoved() throws IOException {
    rig.open();
    rig.create(A, 0, 100);
    rig.create(B, 0, 100);
    rig.reopen();
    rig.flip(A, TRAILER_BIT + 200);
    rig.flip(B, TRAILER_BIT + 200);
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 0, 1));
    assertThrows(ObjectDamaged.class, () -> rig.write(A, 0, 4096, Durability.DURABLE));
    assertThrows(ObjectDamaged.class, () -> rig.store().stat(A));
    assertEquals(2, rig.store().check().findings().size());
    byte[] bytes = rig.create(A, 0, 100);
    assertArrayEquals(bytes, rig.read(A, 0, 100));
    assertEquals(Outcome.DONE, rig.remove(B));
    assertTrue(rig.store().check().clean());
  }

  @Test
  void aTruncatedFileIsDamage() throws IOException {
    rig.open();
    rig.create(A, 0, 100);
    rig.reopen();
    rig.truncate(A, 4 << 20);
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 0, 1));
  }

  @Test
  void dataThatRottedInTheLogIsLostAndSaidSo() throws IOException {
    rig.open();
    rig.create(A, 0, 20_000);
    byte[] early = rig.write(A, 0, 4096, Durability.DURABLE);
    rig.write(A, 8192, 4096, Durability.DURABLE);
    rig.write(A, 12_288, 4096, Durability.DURABLE);
    int second = Segment.START + 4608;
    rig.crash(Keep.NOTHING);
    rig.disk().flip(rig.activeSegment(), (second + 600) * 8L);
    rig.open();
    assertEquals(
        1,
        rig.said(Level.ALERT, "an acknowledged change of object " + A + " at byte 8192 is lost"));
    assertArrayEquals(early, rig.read(A, 0, 4096));
    rig.read(A, 12_288, 4096);
    assertThrows(ObjectDamaged.class, () -> rig.read(A, 8192, 1));
    rig.write(A, 8192, 4096, Durability.DURABLE);
    assertTrue(rig.store().check().clean());
  }

  @Test
  void aHeadThatRottedInTheLogStopsTheStartAndChangesNothing() throws IOException {
    rig.open();
    rig.create(A, 0, 20_000);
    for (int i = 0; i < 3; i++) {
      rig.write(A, i * 4096, 4096, Durability.DURABLE);
    }
    rig.crash(Keep.NOTHING);
    rig.disk().flip(rig.activeSegment(), (Segment.START + 4608 + 30) * 8L);
    long steps = rig.disk().steps();
    IOException refused = assertThrows(IOException.class, rig::open);
    assertSays(refused, "the log is damaged at byte 12800");
    assertSays(refused, "renaming /one/log");
    assertEquals(4, rig.disk().steps() - steps, "only log and names were synced");
    rig.disk().rename(Path.of("/one/log"), Path.of("/one/log.damaged"));
    rig.open();
    assertEquals(1, rig.said(Level.ALERT, "/one has no log"));
    rig.write(A, 0, 4096, Durability.DURABLE);
    assertEquals(4096, rig.read(A, 0, 4096).length);
  }

  @Test
  void aTornEndOfTheLogIsNoDamage() throws IOException {
    rig.open();
    rig.create(A, 0, 20_000);
    byte[] durable = rig.write(A, 0, 4096, Durability.DURABLE);
    rig.write(A, 4096, 4096, Durability.DEFERRED);
    rig.write(A, 8192, 4096, Durability.DEFERRED);
    rig.crash(Keep.EVERYTHING);
    rig.disk().flip(rig.activeSegment(), (Segment.START + 4608 + 30) * 8L);
    rig.open();
    assertArrayEquals(durable, rig.read(A, 0, 4096));
    assertTrue(rig.store().check().clean());
  }

  @Test
  void oneCopyOfAHeaderIsEnoughAndNoneIsRefused() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 100);
    rig.close();
    for (Path file : List.of(Path.of("/one/disk"), Path.of("/one/log/0"), Path.of("/one/log/1"))) {
      rig.disk().flip(file, 150);
      rig.open();
      assertArrayEquals(bytes, rig.read(A, 0, 100));
      rig.close();
      rig.disk().flip(file, 150);
      rig.disk().flip(file, 200);
      rig.disk().flip(file, 4096 * 8 + 150);
      IOException refused = assertThrows(IOException.class, rig::open);
      assertSays(refused, file.toString());
      rig.disk().flip(file, 200);
      rig.disk().flip(file, 4096 * 8 + 150);
    }
  }

  // Failing disks.

  @Test
  void aReadThatFailsIsAnErrorOfThatRead() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 100);
    try (Faults.Ended _ = rig.disk().faults().fail(DiskCall.READ, rig.fileOf(A)::equals)) {
      assertThrows(IOException.class, () -> rig.read(A, 0, 100));
    }
    assertArrayEquals(bytes, rig.read(A, 0, 100));
    rig.write(A, 0, 100, Durability.DURABLE);
  }

  @Test
  void aFailedSyncOfTheLogTakesTheDiskOut() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 8192);
    try (Faults.Ended _ = rig.disk().faults().fail(DiskCall.SYNC, StoreRig::isLog, 1)) {
      assertThrows(IOException.class, () -> rig.write(A, 0, 4096, Durability.DURABLE));
    }
    assertOut();
    rig.crash(Keep.NOTHING);
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 8192));
  }

  @Test
  void aFailedWriteOfTheLogTakesTheDiskOut() throws IOException {
    rig.open();
    rig.create(A, 0, 8192);
    try (Faults.Ended _ = rig.disk().faults().fail(DiskCall.WRITE, StoreRig::isLog, 1)) {
      assertThrows(IOException.class, () -> rig.write(A, 0, 4096, Durability.DEFERRED));
    }
    assertOut();
  }

  @Test
  void aFailedSyncOfAFileTakesTheDiskOutAndIsNotTriedAgain() throws IOException {
    rig.open();
    rig.create(A, 0, 1 << 20);
    rig.write(A, 0, 1 << 20, Durability.DEFERRED);
    Path file = rig.fileOf(A);
    AtomicInteger syncs = new AtomicInteger();
    try (Faults.Ended _ =
        rig.disk()
            .faults()
            .fail(DiskCall.SYNC, path -> path.equals(file) && syncs.incrementAndGet() > 0, 1)) {
      assertThrows(IOException.class, () -> rig.store().flush(VDI));
      assertThrows(
          IOException.class, () -> rig.store().flush(VDI), "it does not become true later");
      assertOut();
      rig.close();
      assertEquals(1, syncs.get(), "syncs of the file");
    }
    rig.open();
    rig.read(A, 0, 1 << 20);
    assertTrue(rig.store().check().clean(), "every sector is old or new");
  }

  @Test
  void aFailedSyncOfTheDirectoryTakesTheDiskOut() throws IOException {
    rig.open();
    try (Faults.Ended _ =
        rig.disk().faults().fail(DiskCall.SYNC_DIRECTORY, Path.of("/one/obj")::equals, 1)) {
      assertThrows(IOException.class, () -> rig.create(A, 0, 100));
    }
    assertOut();
  }

  @Test
  void aReadOnlyFileSystemTakesTheDiskOutAndNothingIsLost() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 8192);
    rig.disk().readOnly(Path.of("/one"), true);
    assertThrows(IOException.class, () -> rig.write(A, 0, 4096, Durability.DURABLE));
    assertOut();
    rig.crash(Keep.RANDOM);
    IOException refused = assertThrows(IOException.class, rig::open);
    assertSays(refused, "Read-only");
    rig.disk().readOnly(Path.of("/one"), false);
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 8192));
  }

  private void assertOut() throws IOException {
    IOException out = assertThrows(IOException.class, () -> rig.read(A, 0, 1));
    assertSays(out, "disk /one is out of service");
    assertThrows(IOException.class, () -> rig.write(A, 0, 1, Durability.DEFERRED));
    assertThrows(IOException.class, () -> rig.create(B, 0, 1));
    assertThrows(IOException.class, () -> rig.remove(A));
    assertEquals(1, rig.said(Level.ALERT, "disk /one is taken out of service"));
    assertEquals(false, rig.store().space().getFirst().inService());
  }

  // Full disks.

  @Test
  void aFullDiskRefusesWhatNeedsSpaceAndNothingElse() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 1 << 20);
    rig.create(B, 0, 1 << 20);
    rig.write(A, 0, 100, Durability.DURABLE);
    rig.disk().capacity(Path.of("/one"), 0);
    assertEquals(Outcome.NO_SPACE, rig.tryCreate(ObjectId.data(VDI, 3), 0, 100));
    assertEquals(Outcome.NO_SPACE, rig.tryWrite(A, 2 << 20, 4096, Durability.DURABLE));
    assertEquals(Outcome.NO_SPACE, rig.tryWrite(A, 2 << 20, 1 << 20, Durability.DEFERRED));
    assertEquals(Outcome.NO_SPACE, rig.tryCreate(A, 0, 100), "a replacement needs space too");
    assertEquals(2, rig.store().stat(A).orElseThrow().pushNumber(), "nothing was changed");
    assertArrayEquals(slice(bytes, 4096, 1 << 20), rig.read(A, 4096, (1 << 20) - 4096));
    byte[] over = rig.write(A, 4096, 200_000, Durability.DURABLE);
    assertArrayEquals(over, rig.read(A, 4096, 200_000));
    for (int i = 0; i < 200; i++) {
      over = rig.write(A, 8192, 4096, i % 2 == 0 ? Durability.DURABLE : Durability.DEFERRED);
    }
    assertEquals(1, rig.said(Level.ERROR, "disk /one is full"));
    assertEquals(Outcome.DONE, rig.remove(B));
    rig.disk().capacity(Path.of("/one"), 64 << 20);
    rig.write(A, 2 << 20, 4096, Durability.DURABLE);
    rig.crash(Keep.NOTHING);
    rig.open();
    assertArrayEquals(over, rig.read(A, 8192, 4096));
    assertTrue(rig.store().check().clean());
  }

  @Test
  void whereAnOverwriteFindsNoSpaceItWaitsInTheLog() throws IOException {
    rig.open();
    rig.create(A, 0, 1 << 20);
    byte[] bytes;
    try (Faults.Ended _ =
        rig.disk().faults().fail(DiskCall.WRITE, rig.fileOf(A)::equals, StoreRig::noSpace)) {
      bytes = rig.write(A, 0, 4096, Durability.DURABLE);
      assertArrayEquals(bytes, rig.read(A, 0, 4096));
      Outcome outcome = Outcome.DONE;
      for (int i = 0; i < 200 && outcome == Outcome.DONE; i++) {
        outcome = rig.tryWrite(A, 8192, 4096, Durability.DEFERRED);
      }
      assertEquals(Outcome.NO_SPACE, outcome, "memory and log are bounded");
      assertArrayEquals(bytes, rig.read(A, 0, 4096));
    }
    byte[] later = rig.write(A, 8192, 4096, Durability.DURABLE);
    rig.crash(Keep.NOTHING);
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 4096));
    assertArrayEquals(later, rig.read(A, 8192, 4096));
    assertTrue(rig.store().check().clean());
  }

  // Several disks.

  @Test
  void oneFailingDiskLeavesTheOthersInService() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    two.open();
    ObjectId onOne = two.createOn("/one");
    ObjectId onTwo = two.createOn("/two");
    try (Faults.Ended _ =
        two.disk().faults().fail(DiskCall.SYNC, path -> path.startsWith("/two/log"), 1)) {
      assertThrows(IOException.class, () -> two.write(onTwo, 0, 4096, Durability.DURABLE));
    }
    IOException out = assertThrows(IOException.class, () -> two.read(onTwo, 0, 1));
    assertSays(out, "disk /two is out of service");
    byte[] bytes = two.write(onOne, 0, 4096, Durability.DURABLE);
    assertArrayEquals(bytes, two.read(onOne, 0, 4096));
    two.createOn("/one");
    assertEquals(Outcome.DONE, two.remove(onOne));
    assertEquals(
        List.of(true, false), two.store().space().stream().map(DiskSpace::inService).toList());
    two.end();
  }

  @Test
  void aNewObjectGoesToAnotherDiskWhereOneTurnsOutToBeReadOnly() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    two.open();
    two.disk().readOnly(Path.of("/two"), true);
    for (int i = 0; i < 20; i++) {
      ObjectId object = ObjectId.data(VDI, 100 + i);
      two.create(object, 0, 4096);
      assertTrue(two.fileOf(object).startsWith("/one"));
    }
    assertEquals(1, two.said(Level.ALERT, "disk /two is taken out of service: could not create"));
    two.disk().readOnly(Path.of("/two"), false);
    two.end();
  }

  @Test
  void aDiskThatIsGoneTakesNoNewObject() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    two.open();
    two.disk().rename(Path.of("/two/obj"), Path.of("/two/elsewhere"));
    for (int i = 0; i < 20; i++) {
      ObjectId object = ObjectId.data(VDI, 100 + i);
      two.create(object, 0, 4096);
      assertTrue(two.fileOf(object).startsWith("/one"));
    }
    assertEquals(1, two.said(Level.ALERT, "disk /two is taken out of service"));
    two.disk().rename(Path.of("/two/elsewhere"), Path.of("/two/obj"));
    two.end();
  }

  @Test
  void anObjectGoesToTheDiskThatHasSpaceWhereAnotherIsFull() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    two.open();
    two.disk().capacity(Path.of("/two"), 0);
    for (int i = 0; i < 10; i++) {
      ObjectId object = ObjectId.data(VDI, 100 + i);
      two.create(object, 0, 4096);
      assertTrue(two.fileOf(object).startsWith("/one"));
    }
    two.disk().capacity(Path.of("/one"), 0);
    assertEquals(Outcome.NO_SPACE, two.tryCreate(A, 0, 4096));
    assertTrue(two.store().stat(A).isEmpty());
    two.end();
  }

  // Starts that are refused, and what failed ones leave behind.

  @Test
  void aDirectoryOfAnotherStoreIsRefused() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    for (String path : List.of("/one", "/two")) {
      two.open(List.of(Path.of(path)));
      two.close();
    }
    assertRefused(two, "are disks of different stores");
  }

  @Test
  void aMissingDiskIsRefused() throws IOException {
    StoreRig two = new StoreRig("/one", "/two");
    two.open();
    ObjectId object = two.createOn("/two");
    two.close();
    assertRefused(two, "has 2 disks and only 1 are named", Path.of("/one"));
    two.disk().rename(Path.of("/two/disk"), Path.of("/two/elsewhere"));
    assertRefused(two, "/two is not a disk of a store");
    two.disk().rename(Path.of("/two/elsewhere"), Path.of("/two/disk"));
    two.open();
    two.read(object, 0, 1);
    two.end();
  }

  @Test
  void anotherVersionIsRefused() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 100);
    rig.close();
    for (Path file : List.of(Path.of("/one/disk"), Path.of("/one/log/0"), Path.of("/one/log/1"))) {
      ByteBuffer before = rig.readFile(file);
      rig.overwrite(file, ofVersion2(before));
      assertRefused(rig, file.toString());
      assertRefused(rig, "format version 2");
      rig.overwrite(file, before);
    }
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 100));
  }

  @Test
  void anObjectOfAnotherVersionIsNotServed() throws IOException {
    rig.open();
    rig.create(A, 0, 100);
    rig.reopen();
    ByteBuffer file = rig.readFile(rig.fileOf(A)).order(ByteOrder.LITTLE_ENDIAN);
    setVersion2(file.slice(4 << 20, Blocks.SECTOR).order(ByteOrder.LITTLE_ENDIAN));
    rig.overwrite(rig.fileOf(A), file);
    ObjectDamaged refused = assertThrows(ObjectDamaged.class, () -> rig.read(A, 0, 1));
    assertSays(refused, "format version 2");
  }

  @Test
  void aDirectoryThatIsInUseIsRefusedAndItsUserGoesOn() throws IOException {
    rig.open();
    DiskStore first = rig.store();
    byte[] bytes = rig.create(A, 0, 100);
    assertRefused(rig, "/one is in use by another process");
    assertEquals(first, rig.store());
    rig.write(A, 4096, 100, Durability.DURABLE);
    assertArrayEquals(bytes, rig.read(A, 0, 100));
  }

  @Test
  void aStartThatFailedLeavesNothingOpen() throws IOException {
    rig.open();
    byte[] bytes = rig.create(A, 0, 100);
    rig.close();
    for (Path path : List.of(Path.of("/one/obj"), Path.of("/one/log/0"), Path.of("/one/disk"))) {
      DiskCall call = path.endsWith("obj") ? DiskCall.LIST : DiskCall.READ;
      try (Faults.Ended _ = rig.disk().faults().fail(call, path::equals)) {
        assertThrows(IOException.class, rig::open);
      }
      rig.disk().assertNothingOpen();
    }
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 100));
  }

  @Test
  void aCloseThatFailedSaysSoLeavesNothingOpenAndLosesNothing() throws IOException {
    rig.open();
    rig.create(A, 0, 8192);
    byte[] bytes = rig.write(A, 0, 4096, Durability.DURABLE);
    try (Faults.Ended _ = rig.disk().faults().fail(DiskCall.SYNC, rig.fileOf(A)::equals, 1)) {
      assertThrows(IOException.class, rig::close);
    }
    rig.disk().assertNothingOpen();
    rig.crash(Keep.NOTHING);
    rig.open();
    assertArrayEquals(bytes, rig.read(A, 0, 4096));
    assertTrue(rig.store().check().clean());
  }

  private static void assertRefused(StoreRig rig, String why, Path... directories)
      throws IOException {
    Map<Path, ByteBuffer> before = rig.everything();
    IOException refused =
        assertThrows(
            IOException.class,
            () -> {
              if (directories.length == 0) {
                rig.open();
              } else {
                rig.open(List.of(directories));
              }
            });
    assertSays(refused, why);
    assertEquals(before, rig.everything(), "nothing was changed");
  }

  /// The same file, of the next format version in both copies of its header.
  private static ByteBuffer ofVersion2(ByteBuffer file) {
    ByteBuffer next = ByteBuffer.allocate(file.remaining()).put(file.duplicate()).flip();
    for (int at : new int[] {0, 4096}) {
      setVersion2(next.slice(at, Blocks.SECTOR).order(ByteOrder.LITTLE_ENDIAN));
    }
    return next;
  }

  private static void setVersion2(ByteBuffer sector) {
    Header.seal(sector.putInt(8, 2).putInt(12, 0));
  }

  private static void assertSays(IOException failure, String part) {
    assertTrue(failure.toString().contains(part), failure.toString());
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }
}
