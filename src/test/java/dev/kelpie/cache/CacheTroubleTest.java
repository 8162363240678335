package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.platform.Disk;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Trouble while the cache is in use: its own device fails in every way (I16), or the backend does.
final class CacheTroubleTest {
  /// Chunks that one VDI may have dirty while the others have nothing: two thirds of the limit.
  private static final int ONE_MAX = 80;

  /// From half of that on its writers wait in proportion.
  private static final int SLOWED_FROM = 40;

  /// Of the reads that a salvage makes: the one of two blocks together, and the first of them.
  private static final List<Integer> RUN_AND_BLOCK = List.of(2, 3);

  private final CacheRig rig;

  CacheTroubleTest() throws IOException {
    rig = new CacheRig();
  }

  @BeforeEach
  void store() throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 2);
  }

  @AfterEach
  void nothingLeftATask() {
    rig.platform.assertNoFailures();
    rig.stop();
  }

  /// Makes a data object, two blocks of another and an inode entry dirty.
  private void dirty() throws IOException {
    dirty(rig);
  }

  private static void dirty(CacheRig rig) throws IOException {
    rig.create(ObjectId.data(VDI, 1), Base.ZEROS, CHUNK, filled(BLOCK, 6), CacheMode.WRITEBACK);
    rig.write(DATA, 0, filled(2 * BLOCK, 7));
    rig.write(INODE, 4664, filled(4, 9));
  }

  private void assertAllIsBehindAndTheCacheIsOff() throws IOException {
    assertEquals(6, rig.behind(ObjectId.data(VDI, 1), CHUNK, 1)[0]);
    assertEquals(7, rig.behind(DATA, 2 * BLOCK - 1, 1)[0]);
    assertEquals(9, rig.behind(INODE, 4664, 1)[0]);
    assertEquals(List.of(), rig.leases.losses());
    assertFalse(rig.leases.unflushed(VDI));
    assertIsOff();
  }

  private void assertIsOff() throws IOException {
    rig.store.record().clear();
    rig.write(DATA, 8 * CHUNK, filled(BLOCK, 5));
    assertEquals(5, rig.behind(DATA, 8 * CHUNK, 1)[0], "writes pass through");
    assertEquals(5, rig.read(DATA, 8 * CHUNK, 1)[0]);
    rig.read(DATA, 8 * CHUNK, 1);
    assertEquals(2, rig.store.record().count(StoreCall.READ), "reads pass through");
    rig.cache.flush(VDI);
    assertEquals(0, rig.cache.usage().used());
  }

  @Test
  void fullDeviceUnderTheSlabTurnsTheCacheOff_I16() throws IOException {
    dirty();
    try (Faults.Ended _ =
        rig.disk.faults().fail(DiskCall.WRITE, this::isSlab, p -> new Disk.NoSpace(p + " full"))) {
      rig.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    }
    assertEquals(8, rig.behind(DATA, 4 * CHUNK, 1)[0]);
    assertAllIsBehindAndTheCacheIsOff();
  }

  @Test
  void readOnlyFileSystemTurnsTheCacheOff_I16() throws IOException {
    dirty();
    rig.disk.readOnly(rig.config.directory(), true);
    rig.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    assertEquals(8, rig.behind(DATA, 4 * CHUNK, 1)[0]);
    assertEquals(6, rig.behind(ObjectId.data(VDI, 1), CHUNK, 1)[0]);
    assertEquals(7, rig.behind(DATA, 0, 1)[0]);
    assertEquals(9, rig.behind(INODE, 4664, 1)[0]);
    assertIsOff();
  }

  @Test
  void faultOfAStoreInTheMappingTurnsTheCacheOff_I16() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.MAPPED_STORE, this::isIndex, 1)) {
      rig.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    }
    assertEquals(8, rig.behind(DATA, 4 * CHUNK, 1)[0]);
    assertAllIsBehindAndTheCacheIsOff();
  }

  @Test
  void faultOfALoadInTheMappingTurnsTheCacheOff_I16() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.MAPPED_LOAD, this::isIndex, 1)) {
      assertEquals(pattern(1, 32), rig.read(DATA, 2 * CHUNK, 1)[0]);
      assertEquals(7, rig.read(DATA, 0, 1)[0]);
    }
    assertAllIsBehindAndTheCacheIsOff();
  }

  @Test
  void faultDuringAFlushTurnsTheCacheOffAndTheFlushIsGood_I1_I16() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.READ, this::isSlab, 1)) {
      rig.cache.flush(VDI);
    }
    assertAllIsBehindAndTheCacheIsOff();
  }

  @Test
  void faultUnderAnOperatorsHandsTurnsTheCacheOff_I16() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.MAPPED_LOAD, this::isIndex, 1)) {
      assertEquals(Map.of(), rig.cache.objects());
    }
    assertAllIsBehindAndTheCacheIsOff();
    assertEquals(0, rig.cache.drop(VDI, true));
  }

  @Test
  void blockThatCannotBeReadIsLostAloneAndReportedOnce_I16() throws IOException {
    dirty();
    AtomicInteger reads = new AtomicInteger();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.WRITE, this::isSlab, 1);
        Faults.Ended _ =
            rig.disk
                .faults()
                .fail(
                    DiskCall.READ,
                    p -> isSlab(p) && RUN_AND_BLOCK.contains(reads.incrementAndGet()))) {
      rig.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    }
    assertEquals(1, rig.leases.losses().size());
    assertTrue(
        rig.leases.losses().getFirst().contains("4096 bytes"), rig.leases.losses()::toString);
    int there = rig.behind(ObjectId.data(VDI, 1), CHUNK, 1)[0] == 6 ? 1 : 0;
    there += rig.behind(DATA, 0, 1)[0] == 7 ? 1 : 0;
    there += rig.behind(DATA, BLOCK, 1)[0] == 7 ? 1 : 0;
    assertEquals(2, there, "what could be read");
    assertEquals(9, rig.behind(INODE, 4664, 1)[0]);
    assertFalse(rig.leases.unflushed(VDI), "it was reported, and is not found again");
    rig.cache.flush(VDI);
    assertEquals(1, rig.leases.losses().size());
    assertIsOff();
  }

  /// Whichever part of the index is lost, and however much from there on.
  @Test
  void inodeNamesNoObjectThatIsNotThereAfterASalvage_I5_I16() throws IOException {
    for (int width : new int[] {1, 3, 1000}) {
      int first = 1;
      while (salvageWithIndexFaults(first, width)) {
        first++;
      }
      assertTrue(first > 10, "loads of the index in a salvage: " + first);
    }
  }

  /// @return whether so many loads were made at all
  private boolean salvageWithIndexFaults(int first, int width) throws IOException {
    CacheRig failing = new CacheRig();
    failing.stored(DATA, 1);
    failing.stored(INODE, 2);
    dirty(failing);
    AtomicBoolean broken = new AtomicBoolean();
    AtomicInteger loads = new AtomicInteger();
    try (Faults.Ended _ =
            failing.disk.faults().fail(DiskCall.WRITE, p -> isSlab(p) && !broken.getAndSet(true));
        Faults.Ended _ =
            failing
                .disk
                .faults()
                .fail(
                    DiskCall.MAPPED_LOAD,
                    p ->
                        isIndex(p)
                            && broken.get()
                            && loads.incrementAndGet() >= first
                            && loads.get() < first + width)) {
      failing.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    }
    assertTrue(
        failing.behind(INODE, 4664, 1)[0] != 9
            || failing.store.bytes(ObjectId.data(VDI, 1)).isPresent(),
        () ->
            "the inode names an object that is missing; of the loads from the index failed the "
                + first
                + "th and so many more: "
                + (width - 1));
    failing.platform.assertNoFailures();
    return loads.get() >= first;
  }

  @Test
  void backendThatFailsDuringTheSalvageIsTriedAgain_I16() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.WRITE, this::isSlab, 1);
        Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals, 1);
        Faults.Ended _ = rig.store.faults().fail(StoreCall.FLUSH, _ -> true, 1)) {
      rig.write(DATA, 4 * CHUNK, filled(BLOCK, 8));
    }
    assertAllIsBehindAndTheCacheIsOff();
  }

  @Test
  void aCacheThatCouldNotGrowTriesAgainSomeTimeLater_I14_I16() throws IOException {
    ManualClock clock = new ManualClock();
    CacheRig large = new CacheRig(128L << 20, clock);
    AtomicInteger tries = new AtomicInteger();
    try (Faults.Ended _ =
        large.disk.faults().fail(DiskCall.ALLOCATE, _ -> tries.incrementAndGet() > 2)) {
      readObjects(large, 0, 20);
      assertEquals(64L << 20, large.cache.usage().used());
      assertEquals(3, tries.get(), "index and slab once, then the index in vain");
      clock.advance(ChunkSpace.RETRY.minusNanos(1));
      readObjects(large, 20, 24);
      assertEquals(3, tries.get(), "not before its time");
      clock.advance(Duration.ofNanos(1));
      readObjects(large, 24, 28);
      assertEquals(4, tries.get(), "once, and then not for some time");
    }
    readObjects(large, 28, 32);
    assertEquals(64L << 20, large.cache.usage().used());
    clock.advance(ChunkSpace.RETRY);
    readObjects(large, 32, 36);
    assertTrue(large.cache.usage().used() > 64L << 20, "it grows on");
    assertEquals(1, large.log.messages(Level.WARN).size(), large.log.lines()::toString);
    assertEquals(1, large.log.messages(Level.NOTICE).size(), large.log.lines()::toString);
    CacheCheck.check(large.cache);
    large.cache.close();
  }

  private static void readObjects(CacheRig rig, int from, int to) throws IOException {
    for (int i = from; i < to; i++) {
      ObjectId id = ObjectId.data(VDI, i);
      rig.stored(id, i);
      rig.read(id, 0, ObjectId.DATA_SIZE);
    }
  }

  @Test
  void fullDeviceUnderAGrowingCacheIsReclaimedFromInstead_I14_I16() throws IOException {
    CacheRig large = new CacheRig(256L << 20);
    large.stored(DATA, 1);
    try (Faults.Ended _ =
        large.disk.faults().fail(DiskCall.ALLOCATE, _ -> large.cache.usage().used() > 0)) {
      for (int i = 0; i < 20; i++) {
        ObjectId id = ObjectId.data(VDI, i);
        large.stored(id, i);
        large.read(id, 0, ObjectId.DATA_SIZE);
      }
      assertEquals(64L << 20, large.cache.usage().used());
      large.write(DATA, 0, filled(BLOCK, 7));
      assertEquals(7, large.read(DATA, 0, 1)[0]);
    }
    CacheCheck.check(large.cache);
    large.cache.close();
  }

  @Test
  void cacheDirectoryThatIsGoneRefusesTheStartAndNamesIt() throws IOException {
    rig.stop();
    try (Faults.Ended _ = rig.disk.faults().fail(DiskCall.OPEN, this::isIndex)) {
      IOException refused = assertThrows(IOException.class, () -> rig.start(rig.disk));
      assertTrue(refused.toString().contains(rig.file("index").toString()), refused::toString);
    }
    rig.start(rig.disk);
  }

  @Test
  void backendThatIsGoneStopsNoCachedReadAndNoWriteWithinTheLimit_I2_I14() throws Exception {
    rig.read(DATA, 0, CHUNK);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicInteger written = new AtomicInteger();
    Thread writer;
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, _ -> true);
        Faults.Ended _ = rig.store.faults().fail(StoreCall.CREATE, _ -> true)) {
      writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  // More than the cache has room for.
                  for (int i = 0; i < 4 * 64; i++) {
                    ObjectId id = ObjectId.data(VDI, i / 64 + 1);
                    if (i % 64 == 0) {
                      rig.create(id, Base.ZEROS, 0, new byte[0], CacheMode.WRITEBACK);
                    }
                    rig.write(id, i % 64 * CHUNK, filled(BLOCK, i + 1));
                    written.incrementAndGet();
                  }
                } catch (IOException | RuntimeException | Error e) {
                  failure.set(e);
                }
              });
      Await.until("the writer is slowed", () -> written.get() >= SLOWED_FROM);
      assertEquals(pattern(1, 3), rig.read(DATA, 3 * BLOCK, 1)[0], "cached reads go on");
      rig.write(ObjectId.data(VDI, 1), 100, filled(10, 77));
      assertEquals(77, rig.read(ObjectId.data(VDI, 1), 105, 1)[0], "so do writes of dirty chunks");
      assertThrows(IOException.class, () -> rig.cache.flush(VDI));
      assertTrue(written.get() <= ONE_MAX, "the writer waits");
    }
    writer.join();
    assertEquals(null, failure.get());
    rig.cache.flush(VDI);
    for (int i = 0; i < 4 * 64; i++) {
      ObjectId id = ObjectId.data(VDI, i / 64 + 1);
      assertEquals((byte) (i + 1), rig.behind(id, i % 64 * CHUNK, 1)[0], "write " + i);
    }
    assertEquals(List.of(), rig.leases.losses());
    CacheCheck.check(rig.cache);
  }

  @Test
  void backendThatHangsHoldsUpNoCachedReadAndNothingIsLost_I2() throws Exception {
    rig.read(DATA, 0, CHUNK);
    rig.write(DATA, 0, filled(BLOCK, 7));
    Thread flusher;
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.WRITE, _ -> true)) {
      flusher =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  rig.cache.flush(VDI);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      hang.awaitArrived(1);
      assertEquals(7, rig.read(DATA, 0, 1)[0]);
      rig.write(DATA, 0, filled(BLOCK, 8));
      rig.write(DATA, BLOCK, filled(BLOCK, 8));
    }
    flusher.join();
    rig.cache.flush(VDI);
    assertEquals(8, rig.behind(DATA, 0, 1)[0]);
    assertEquals(8, rig.behind(DATA, BLOCK, 1)[0]);
  }

  @Test
  void onlyAForcedDropTakesWhatABackendRefuses_I2() throws IOException {
    dirty();
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(IOException.class, () -> rig.cache.drop(VDI, false));
      assertEquals(7, rig.read(DATA, 0, 1)[0]);
      assertEquals(2 * BLOCK, rig.dirtyBytes() - BLOCK, "two data blocks and the inode's");
      assertEquals(3 * BLOCK, rig.cache.drop(VDI, true));
    }
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
  }

  private boolean isSlab(Path path) {
    return path.equals(rig.file("slab"));
  }

  private boolean isIndex(Path path) {
    return path.equals(rig.file("index"));
  }
}
