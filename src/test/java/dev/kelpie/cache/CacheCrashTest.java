package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.Outcome;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a start finds after a kill, a power cut, a clean end, and on a device that fails.
final class CacheCrashTest {
  private final CacheRig rig;
  private final RandomGenerator chance = Seeds.generator("CacheCrashTest");

  CacheCrashTest() throws IOException {
    rig = new CacheRig();
  }

  @AfterEach
  void endTheCache() {
    rig.stop();
  }

  @Test
  void killedProcessKeepsEveryAcknowledgedWrite_I4() throws IOException {
    ObjectId created = ObjectId.data(VDI, 1);
    ObjectId removed = ObjectId.data(VDI, 2);
    rig.stored(DATA, 1);
    rig.stored(removed, 2);
    rig.read(DATA, 8 * CHUNK, BLOCK);
    rig.write(DATA, 100, filled(BLOCK, 7));
    rig.create(created, new Base.CopyOf(DATA), CHUNK, filled(BLOCK, 8), CacheMode.WRITEBACK);
    rig.remove(removed, CacheMode.WRITEBACK);
    rig.kill();
    CacheCheck.check(rig.cache);
    rig.store.record().clear();
    assertEquals(pattern(1, 8 * 16), rig.read(DATA, 8 * CHUNK, BLOCK)[0]);
    assertEquals(0, rig.store.record().count(StoreCall.READ), "clean blocks are still here");
    assertEquals(7, rig.read(DATA, 100, 1)[0]);
    assertEquals(8, rig.read(created, CHUNK, 1)[0]);
    assertEquals(7, rig.read(created, 100, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(7, rig.behind(DATA, 100, 1)[0]);
    assertEquals(8, rig.behind(created, CHUNK, 1)[0]);
    assertEquals(7, rig.behind(created, 100, 1)[0]);
    assertTrue(rig.store.bytes(removed).isEmpty());
    assertEquals(List.of(), rig.leases.losses());
  }

  /// A create that replaces dirty data, or a removal of it, in each state that it can find: killed
  /// at each mapped store, the object is the old one with all of its dirty blocks, or none of them
  /// is left.
  @Test
  void killInARecreateLeavesTheOldObjectOrTheNewOne_I4() throws IOException {
    for (Earlier earlier : Earlier.values()) {
      for (Later later : Later.values()) {
        boolean crashed = true;
        for (long step = 1; crashed; step++) {
          crashed = recreateKilledAt(step, earlier, later);
        }
      }
    }
  }

  /// What the object is before, with dirty blocks.
  private enum Earlier {
    STORED,
    NEW,
    COPY,
    REMOVED
  }

  /// What it becomes.
  private enum Later {
    NEW,
    COPY,
    GONE,
    GONE_DIRECT
  }

  private static final ObjectId OBJECT = ObjectId.data(VDI, 1);
  private static final ObjectId OTHER_PARENT = ObjectId.data(VDI, 2);

  private boolean recreateKilledAt(long step, Earlier earlier, Later later) throws IOException {
    CacheRig fresh = new CacheRig();
    fresh.stored(DATA, 1);
    fresh.stored(OTHER_PARENT, 2);
    prepare(fresh, earlier);
    fresh.disk.countMappedStores();
    fresh.disk.crashAt(fresh.disk.steps() + step);
    boolean crashed = false;
    try {
      recreate(fresh, later);
    } catch (SimulatedCrash e) {
      crashed = true;
    }
    String where = earlier + " becomes " + later + ", killed at " + step;
    fresh.kill();
    CacheCheck.check(fresh.cache);
    List<Byte> found = content(fresh);
    assertTrue(
        found.equals(next(later))
            || (crashed && found.equals(old(earlier)))
            // Nobody has anything of a removed object; the new one may have come to be in part.
            || (crashed && earlier == Earlier.REMOVED),
        () -> where + ": " + found);
    fresh.cache.flush(VDI);
    assertEquals(found, content(fresh), where + ", flushed");
    fresh.cache.drop(VDI, false);
    assertEquals(found, content(fresh), where + ", pulled");
    assertEquals(List.of(), fresh.leases.losses(), where);
    fresh.cache.close();
    return crashed;
  }

  private static void prepare(CacheRig fresh, Earlier earlier) throws IOException {
    switch (earlier) {
      case STORED, REMOVED -> {
        fresh.stored(OBJECT, 3);
        fresh.write(OBJECT, CHUNK, filled(2 * BLOCK, 11));
      }
      case NEW -> fresh.create(OBJECT, Base.ZEROS, CHUNK, filled(2 * BLOCK, 11), MODE);
      case COPY -> fresh.create(OBJECT, new Base.CopyOf(DATA), CHUNK, filled(2 * BLOCK, 11), MODE);
    }
    fresh.write(OBJECT, 5 * CHUNK, filled(BLOCK, 12));
    if (earlier == Earlier.REMOVED) {
      fresh.remove(OBJECT, MODE);
    }
  }

  private static final CacheMode MODE = CacheMode.WRITEBACK;

  private static void recreate(CacheRig fresh, Later later) throws IOException {
    Change change = fresh.change(OBJECT, MODE);
    List<Extent> extents = List.of(new Extent(CHUNK, ByteBuffer.wrap(filled(BLOCK, 15))));
    switch (later) {
      case NEW -> fresh.cache.create(OBJECT, Base.ZEROS, extents, change);
      case COPY -> fresh.cache.create(OBJECT, new Base.CopyOf(OTHER_PARENT), extents, change);
      case GONE -> fresh.remove(OBJECT, MODE);
      case GONE_DIRECT -> fresh.remove(OBJECT, CacheMode.DIRECT);
    }
  }

  /// The first bytes of three chunks: one without dirty blocks, two with; none of an object that is
  /// not there.
  private static List<Byte> old(Earlier earlier) {
    return switch (earlier) {
      case STORED -> List.of(pattern(3, 0), (byte) 11, (byte) 12);
      case NEW -> List.of((byte) 0, (byte) 11, (byte) 12);
      case COPY -> List.of(pattern(1, 0), (byte) 11, (byte) 12);
      case REMOVED -> List.of();
    };
  }

  private static List<Byte> next(Later later) {
    return switch (later) {
      case NEW -> List.of((byte) 0, (byte) 15, (byte) 0);
      case COPY -> List.of(pattern(2, 0), (byte) 15, pattern(2, 5 * 16));
      case GONE, GONE_DIRECT -> List.of();
    };
  }

  private static List<Byte> content(CacheRig fresh) throws IOException {
    List<Byte> found = new ArrayList<>();
    for (int at : new int[] {0, CHUNK, 5 * CHUNK}) {
      ByteBuffer one = ByteBuffer.allocateDirect(1);
      if (fresh.tryRead(OBJECT, at, one, MODE) == Outcome.DONE) {
        found.add(one.get(0));
      }
    }
    return found;
  }

  @Test
  void restartPushesNoCleanData_I4() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, 4 * CHUNK);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.cache.flush(VDI);
    rig.kill();
    rig.store.record().clear();
    rig.cache.flush(VDI);
    assertEquals(0, rig.store.record().bytesWritten());
  }

  @Test
  void afterAPowerCutNothingOfTheCacheIsBelieved_I15() throws IOException {
    for (Keep keep : Keep.values()) {
      CacheRig fresh = new CacheRig();
      fresh.stored(DATA, 1);
      fresh.write(DATA, 0, filled(BLOCK, 7));
      fresh.cache.flush(VDI);
      fresh.write(DATA, 0, filled(BLOCK, 8));
      fresh.cutPower(chance, keep);
      assertEquals(7, fresh.read(DATA, 0, 1)[0], "the last flushed version");
      assertEquals(1, fresh.leases.losses().size(), "the loss is reported");
      fresh.cache.flush(VDI);
      assertEquals(7, fresh.behind(DATA, 0, 1)[0]);
      fresh.stop();
    }
  }

  @Test
  void markIsDurableBeforeTheFirstWriteBackAnswerAndGoesAtACleanEnd_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, BLOCK);
    assertFalse(rig.leases.unflushed(VDI));
    rig.write(DATA, 0, filled(BLOCK, 7));
    assertTrue(rig.leases.unflushed(VDI));
    rig.restart();
    assertFalse(rig.leases.unflushed(VDI));
    assertEquals(7, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void sealedCacheIsWarmOnAnotherBoot() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, 2 * CHUNK);
    rig.cache.close();
    rig.start(rig.disk.afterPowerCut(chance, Keep.NOTHING));
    rig.store.record().clear();
    assertEquals(pattern(1, 3), rig.read(DATA, 3 * BLOCK, BLOCK)[0]);
    assertEquals(0, rig.store.record().count(StoreCall.READ));
  }

  @Test
  void sealIsGoneBeforeTheFirstUse() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, CHUNK);
    rig.restart();
    rig.write(DATA, 0, filled(BLOCK, 9));
    rig.cutPower(chance, Keep.EVERYTHING);
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void endThatCannotPushLeavesDirtyDataForTheNextStart_I2() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      rig.cache.close();
    }
    assertTrue(rig.leases.unflushed(VDI));
    rig.start(rig.disk.afterPowerCut(chance, Keep.NOTHING));
    assertEquals(7, rig.read(DATA, 0, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(7, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void blocksOfALeaseThatWentElsewhereAreDroppedAndNeverPushed_I4_I8() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.leases.takeAway(VDI);
    rig.kill();
    assertEquals(1, rig.leases.losses().size());
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(pattern(1, 0), rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void damagedHeaderMeansAnEmptyCache() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.disk.flip(rig.file("index"), 20 * 8);
    rig.disk.flip(rig.file("index"), (512 + 20) * 8);
    rig.kill();
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    assertEquals(1, rig.leases.losses().size());
  }

  @Test
  void slabOfAnotherCacheIsNotBelieved() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.disk.flip(rig.file("slab"), 8 * 8);
    rig.kill();
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
  }

  /// Nothing of the disk is in the cache any more, but the store may have it in memory only.
  @Test
  void aDropAfterAKillMakesDurableWhatWasPushedBefore_I4() throws IOException {
    for (int with = 1; with <= 2; with++) {
      Extent extent = new Extent(0, ByteBuffer.wrap(filled(BLOCK, with)));
      Outcome made =
          rig.cache.create(
              DATA, Base.ZEROS, List.of(extent), rig.change(DATA, CacheMode.WRITEBACK));
      assertEquals(Outcome.DONE, made);
    }
    assertEquals(2, rig.behind(DATA, 0, 1)[0], "the second one goes through to the store");
    rig.kill();
    assertEquals(0, rig.cache.drop(VDI, false));
    rig.cutPower(chance, Keep.NOTHING);
    assertEquals(2, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void filesOfAnotherVersionAreRefusedAndStayAsTheyAre() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.cache.abandon();
    // A header of the next version, whole, in both slots.
    IndexHeaderTest.rewriteVersion(rig.disk, rig.file("index"), IndexHeader.VERSION + 1);
    IOException refused = assertThrows(IOException.class, () -> rig.start(rig.disk));
    assertTrue(
        refused.toString().contains("version " + (IndexHeader.VERSION + 1)), refused::toString);
    IndexHeaderTest.rewriteVersion(rig.disk, rig.file("index"), IndexHeader.VERSION);
    rig.start(rig.disk);
    assertEquals(7, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void damagedCleanBlockIsFetchedAgain_I15() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, CHUNK);
    flipEveryChunk();
    assertArrayEquals(filled(BLOCK, pattern(1, 0)), rig.read(DATA, 0, BLOCK));
    assertEquals(List.of(), rig.leases.losses());
  }

  @Test
  void damagedDirtyBlockIsNeverServedNorPushedAndIsReported_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    flipEveryChunk();
    assertThrows(ObjectDamaged.class, () -> rig.read(DATA, 0, BLOCK));
    assertEquals(1, rig.leases.losses().size());
    rig.cache.flush(VDI);
    assertEquals(pattern(1, 0), rig.behind(DATA, 0, 1)[0]);
    CacheCheck.check(rig.cache);
  }

  @Test
  void damagedDirtyBlockFoundByAPushIsReportedAndTheRestGoesOut_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(2 * BLOCK, 7));
    flipEveryChunk();
    rig.cache.flush(VDI);
    assertEquals(1, rig.leases.losses().size());
    assertEquals(pattern(1, 0), rig.behind(DATA, 0, 1)[0]);
    assertEquals(7, rig.behind(DATA, BLOCK, 1)[0]);
  }

  @Test
  void failingCacheDeviceMeansNoCacheAndNothingLostThatCanBeRead_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 2);
    rig.write(DATA, 0, filled(BLOCK, 7));
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.WRITE, this::isSlab)) {
      rig.write(DATA, CHUNK, filled(BLOCK, 8));
    }
    assertEquals(7, rig.behind(DATA, 0, 1)[0]);
    assertEquals(8, rig.behind(DATA, CHUNK, 1)[0]);
    assertEquals(8, rig.read(DATA, CHUNK, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(List.of(), rig.leases.losses());
  }

  @Test
  void cacheThatTurnedItselfOffIsNotBelievedAtTheNextStart_I15_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, CHUNK);
    rig.write(DATA, CHUNK, filled(BLOCK, 7));
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.WRITE, this::isSlab)) {
      rig.write(DATA, 2 * CHUNK, filled(BLOCK, 8));
    }
    rig.write(DATA, 0, filled(BLOCK, 9));
    rig.write(DATA, CHUNK, filled(BLOCK, 10));
    rig.kill();
    assertEquals(9, rig.read(DATA, 0, 1)[0]);
    assertEquals(10, rig.read(DATA, CHUNK, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(10, rig.behind(DATA, CHUNK, 1)[0]);
    assertEquals(List.of(), rig.leases.losses());
  }

  @Test
  void cacheDeviceThatCannotBeReadLosesDirtyDataAndSaysSo_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 7));
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.READ, this::isSlab)) {
      assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    }
    assertEquals(1, rig.leases.losses().size());
  }

  @Test
  void readDuringWhichTheCacheDeviceFailsIsWhole_I16() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, CHUNK);
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.READ, this::isSlab)) {
      byte[] bytes = rig.read(DATA, 0, 3 * CHUNK);
      for (int block = 0; block < 3 * CHUNK / BLOCK; block++) {
        assertEquals(pattern(1, block), bytes[block * BLOCK]);
      }
    }
  }

  @Test
  void fullCacheDeviceMeansASmallerCache_I16() throws IOException {
    CacheRig large = new CacheRig(256L << 20);
    large.disk.capacity(Path.of("/"), 150L << 20);
    for (int i = 0; i < 40; i++) {
      large.stored(ObjectId.data(VDI, i), i);
      large.read(ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE);
    }
    assertTrue(large.cache.usage().used() <= 150L << 20);
    assertTrue(large.cache.usage().used() >= 60L << 20);
    CacheCheck.check(large.cache);
    large.cache.close();
  }

  @Test
  void smallerQuotaPushesAndDropsWhatIsTooMuch() throws IOException {
    CacheRig large = new CacheRig(40L << 20);
    for (int i = 0; i < 8; i++) {
      large.create(
          ObjectId.data(VDI, i), Base.ZEROS, 0, filled(2 << 20, i + 1), CacheMode.WRITEBACK);
    }
    large.config = new CacheConfig(large.config.directory(), 10L << 20, true, true, CacheRig.NEVER);
    large.kill();
    assertTrue(large.cache.usage().used() <= 10L << 20);
    CacheCheck.check(large.cache);
    for (int i = 0; i < 8; i++) {
      assertEquals(i + 1, large.read(ObjectId.data(VDI, i), (2 << 20) - 1, 1)[0]);
    }
    large.cache.close();
  }

  private boolean isSlab(Path path) {
    return path.equals(rig.file("slab"));
  }

  /// Flips a bit in block 0 of the chunks that are taken first.
  private void flipEveryChunk() {
    for (int chunk = 0; chunk < rig.config.chunks(); chunk++) {
      if (rig.cache.state().table.owner(chunk) != 0) {
        rig.disk.flip(rig.file("slab"), IndexLayout.slabOffset(chunk) * 8);
      }
    }
  }
}
