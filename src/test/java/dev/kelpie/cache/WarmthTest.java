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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is fetched when a VDI is opened, after a power loss, and because somebody asks for it.
final class WarmthTest {
  private static final VdiId CLONE = new VdiId(0x1234);
  private static final int BOOT_BYTES = 24 * CHUNK;

  private final ManualClock clock = new ManualClock();
  private final CacheRig rig;
  private FakeDiskMap disks;

  WarmthTest() throws IOException {
    rig = new CacheRig(CacheConfig.SIZE_MIN, clock);
    disks = new FakeDiskMap(rig);
    rig.cache.warm(disks);
    rig.stored(DATA, 1);
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  // Whatever a client or the device does.

  @Test
  void aVdiThatAClientMadeUpTakesNoMemory() throws IOException {
    ObjectId madeUp = ObjectId.data(new VdiId(0xdead), 0);
    assertEquals(
        new CacheControl.Warmed(0, false), rig.cache.warm(VDI, madeUp, 0, 4096).orElseThrow());
    assertEquals(0, rig.cache.drop(madeUp.vdi(), false));
    assertFalse(rig.cache.state().knows(madeUp.vdi()));
  }

  @Test
  void anIndexThatCannotBeReadGivesNoHintsAndIsNoReasonNotToStart() throws IOException {
    rig.read(DATA, 0, CHUNK);
    AtomicInteger reads = new AtomicInteger();
    startAfterPowerCut(_ -> reads.incrementAndGet() < 0);
    int all = reads.get();
    int started = 0;
    for (int failing = 1; failing <= all; failing++) {
      int which = failing;
      reads.set(0);
      rig.read(DATA, 0, CHUNK);
      started += startAfterPowerCut(_ -> reads.incrementAndGet() == which) ? 1 : 0;
      assertArrayEquals(rig.behind(DATA, 0, CHUNK), rig.read(DATA, 0, CHUNK));
    }
    assertTrue(started > 0);
    assertTrue(
        rig.log.messages(Level.WARN).stream().anyMatch(m -> m.contains("not known what it held")));
  }

  /// @param fails of the reads of the index
  /// @return whether it started with them
  private boolean startAfterPowerCut(Predicate<Path> fails) throws IOException {
    MemoryDisk after = rig.disk.afterPowerCut(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
    rig.stop();
    try (Faults.Ended _ =
        after
            .faults()
            .fail(DiskCall.READ, path -> path.equals(rig.file("index")) && fails.test(path))) {
      rig.start(after);
      return true;
    } catch (IOException e) {
      rig.start(after);
      return false;
    }
  }

  @Test
  void whatWasReadAfterAnOpeningIsFetchedAtTheNext() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    rig.cache.opened(VDI);
    awaitFetched();
    assertEquals(BOOT_BYTES + BLOCK, rig.store.record().bytesRead());
    rig.store.record().clear();
    readBoot(DATA);
    assertEquals(0, rig.store.record().bytesRead());
    endBootTime();
    awaitSaid("a boot set of 385 blocks is kept; of the 385 before 385 were read");
  }

  @Test
  void aSetIsFetchedInTheOrderOfTheReadsAndNeighboursTogether() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    rig.cache.opened(VDI);
    awaitFetched();
    List<Integer> offsets =
        rig.store.record().calls(StoreCall.READ).stream().map(c -> c.offset()).toList();
    int step = Prefetcher.STEP;
    assertEquals(List.of(40 * CHUNK, 0, step, 2 * step, 3 * step, 4 * step, 5 * step), offsets);
  }

  @Test
  void aSetNamesPlacesOfTheDiskWhoeverHasThemNow() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    ObjectId other = ObjectId.data(CLONE, 0);
    rig.stored(other, 2);
    disks.parents.put(DATA, other);
    rig.cache.opened(VDI);
    awaitFetched();
    assertTrue(
        rig.store.record().calls(StoreCall.READ).stream().allMatch(c -> c.object().equals(other)));
  }

  @Test
  void aCloneStartsFromTheSetOfTheVdiItComesFrom() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    disks.parentOf.put(CLONE, VDI);
    disks.parents.put(ObjectId.data(CLONE, 0), DATA);
    rig.cache.opened(CLONE);
    awaitFetched();
    assertEquals(BOOT_BYTES + BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void aSecondOpeningOfARunningVdiBeginsNothing() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    rig.cache.opened(VDI);
    awaitFetched();
    rig.store.record().clear();
    rig.cache.drop(VDI, false);
    rig.cache.opened(VDI);
    rig.cache.close();
    assertEquals(0, rig.store.record().bytesRead());
    rig.start(rig.disk);
  }

  @Test
  void aClientThatReadsALittleLeavesTheSetAsItWas() throws IOException {
    boot(DATA, VDI);
    byte[] set = bootFile();
    rig.cache.opened(VDI);
    rig.read(DATA, 50 * CHUNK, BLOCK);
    endBootTime();
    Await.until("the noting ended", () -> rig.cache.state().vdi(VDI).bootRecord == null);
    rig.cache.close();
    assertArrayEquals(set, bootFile());
    rig.start(rig.disk);
  }

  @Test
  void anOrderlyEndDuringTheBootKeepsWhatIsKnown() throws IOException {
    rig.cache.opened(VDI);
    readBoot(DATA);
    rig.cache.close();
    assertTrue(rig.disk.exists(bootPath()));
    rig.start(rig.disk);
  }

  @Test
  void aSetSurvivesAPowerCut() throws IOException {
    boot(DATA, VDI);
    rig.cutPower(Seeds.generator("WarmthTest"), Keep.NOTHING);
    assertTrue(BootSet.decode(ByteBuffer.wrap(bootFile()), VDI).isPresent());
  }

  @Test
  void aDamagedSetIsIgnoredWithALineInTheLog() throws IOException {
    boot(DATA, VDI);
    rig.disk.flip(bootPath(), 300);
    coldRestart();
    rig.cache.opened(VDI);
    Await.until(
        "the log says so",
        () -> rig.log.messages(Level.WARN).stream().anyMatch(line -> line.contains("damaged")));
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void aSetGoesWithItsVdi_I18() throws IOException {
    rig.stored(INODE, 2);
    boot(DATA, VDI);
    assertTrue(rig.disk.exists(bootPath()));
    rig.remove(INODE, CacheMode.WRITEBACK);
    assertFalse(rig.disk.exists(bootPath()));
  }

  @Test
  void aSetWhoseVdiIsGoneGoesAtTheNextStart_I18() throws IOException {
    boot(DATA, VDI);
    disks.gone.add(VDI);
    coldRestart();
    assertFalse(rig.disk.exists(bootPath()));
  }

  @Test
  void switchedOffNothingIsNoted() throws IOException {
    rig.cache.close();
    rig.config =
        new CacheConfig(rig.config.directory(), CacheConfig.SIZE_MIN, true, false, CacheRig.NEVER);
    rig.start(rig.disk);
    rig.cache.warm(disks);
    rig.cache.opened(VDI);
    readBoot(DATA);
    rig.cache.close();
    assertFalse(rig.disk.exists(bootPath()));
    rig.start(rig.disk);
  }

  @Test
  void aFailingBackendEndsTheFetchingAndNothingElse() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, DATA::equals)) {
      rig.cache.opened(VDI);
      awaitFetched();
    }
    assertEquals(1, rig.store.record().count(StoreCall.READ));
    readBoot(DATA);
  }

  @Test
  void theNotingEndsWhenTheCacheTurnsItselfOff_I16() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    rig.cache.opened(VDI);
    awaitFetched();
    try (Faults.Ended _ = failSlab()) {
      rig.read(DATA, 50 * CHUNK, BLOCK);
    }
    assertFalse(rig.cache.usage().on());
    Await.until("the noting ended", () -> rig.cache.state().vdi(VDI).bootRecord == null);
    rig.cache.opened(VDI);
    assertNull(rig.cache.state().vdi(VDI).bootRecord, "nothing begins any more");
    restartAfterFault();
  }

  @Test
  void theFetchingOfASetEndsWithTheCacheThatItsOwnFaultTurnsOff_I16() throws IOException {
    boot(DATA, VDI);
    coldRestart();
    try (Faults.Ended _ = failSlab()) {
      rig.cache.opened(VDI);
      awaitFetched();
    }
    Await.until("the noting ended", () -> rig.cache.state().vdi(VDI).bootRecord == null);
    assertFalse(rig.cache.usage().on());
    assertEquals(1, rig.store.record().count(StoreCall.READ));
    restartAfterFault();
  }

  // After a power loss.

  @Test
  void whatWasCachedBeforeAPowerLossIsFetchedAgainClean_I4_I15() throws IOException {
    rig.read(DATA, 0, 3 * CHUNK);
    rig.write(DATA, CHUNK, filled(BLOCK, 77)); // not flushed: lost with the power
    rig.cutPower(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
    rig.store.record().clear();
    rig.cache.warm(disks);
    awaitSaid("MiB were fetched again, from 3 of the 3 chunks");
    assertEquals(3 * CHUNK, rig.store.record().bytesRead());
    assertEquals(0, rig.dirtyBytes());
    rig.store.record().clear();
    assertEquals(pattern(1, CHUNK / BLOCK), rig.read(DATA, 0, 3 * CHUNK)[CHUNK]);
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void whatIsLeftOfTheIndexMakesNoDifferenceButInHints() throws IOException {
    for (Keep keep : Keep.values()) {
      rig.read(DATA, 0, 5 * CHUNK);
      rig.cutPower(Seeds.generator("WarmthTest"), keep);
      rig.cache.warm(disks);
      byte[] bytes = rig.read(DATA, 0, 8 * CHUNK);
      for (int i = 0; i < bytes.length; i++) {
        assertEquals(pattern(1, i / BLOCK), bytes[i]);
      }
      rig.platform.assertNoFailures();
    }
  }

  @Test
  void theCacheIsNotFilledByWhatIsFetchedAgain() throws IOException {
    for (int i = 0; i < 2; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
      rig.read(ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE);
    }
    rig.cutPower(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
    rig.cache.warm(disks);
    awaitSaid("80 of the 128 chunks");
    assertEquals(rig.config.size() / 2, rig.cache.usage().used());
  }

  @Test
  void nothingOfAVdiThatIsGoneIsFetchedAgain_I18() throws IOException {
    rig.read(DATA, 0, 3 * CHUNK);
    disks.gone.add(VDI);
    rig.cutPower(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
    rig.store.record().clear();
    rig.cache.warm(disks);
    awaitSaid("3 of the 3 chunks");
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void aRecordWhoseCheckDoesNotHoldGivesNoHint() throws IOException {
    int[] fields = {0, ChunkTable.CHUNK_NUMBER, ChunkTable.USE_COUNT, ChunkTable.MASKS};
    for (int round = 0; round < fields.length; round++) {
      rig.read(DATA, 0, 3 * CHUNK);
      int chunk = rig.cache.state().stripe(DATA).find(DATA, 1);
      long field = IndexLayout.chunkRecord(chunk) + fields[round];
      rig.disk.flip(rig.file("index"), field * Byte.SIZE);
      rig.cutPower(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
      rig.store.record().clear();
      rig.cache.warm(disks);
      awaitSaid("MiB were fetched again, from 2 of the 2 chunks", round + 1);
      assertEquals(2 * CHUNK, rig.store.record().bytesRead(), "field " + fields[round]);
      rig.platform.assertNoFailures();
    }
  }

  @Test
  void theFetchingAgainEndsWithTheCacheThatItsOwnFaultTurnsOff_I16() throws IOException {
    rig.read(DATA, 0, 3 * CHUNK);
    rig.cutPower(Seeds.generator("WarmthTest"), Keep.EVERYTHING);
    try (Faults.Ended _ = failSlab()) {
      rig.cache.warm(disks);
      awaitSaid("from 1 of the 3 chunks");
    }
    assertFalse(rig.cache.usage().on());
    restartAfterFault();
  }

  @Test
  void afterAKillNothingHasToBeFetchedAgain() throws IOException {
    rig.read(DATA, 0, 3 * CHUNK);
    rig.kill();
    rig.store.record().clear();
    rig.cache.warm(disks);
    rig.read(DATA, 0, 3 * CHUNK);
    rig.cache.close();
    assertEquals(0, rig.store.record().bytesRead());
    rig.start(rig.disk);
  }

  // Because somebody asks for it.

  @Test
  void warmingBringsWhatIsAbsentAndSaysHowMuch() throws IOException {
    rig.read(DATA, CHUNK, CHUNK);
    CacheControl.Warmed warmed = rig.cache.warm(VDI, DATA, 0, 1 << 20).orElseThrow();
    assertEquals(new CacheControl.Warmed((1 << 20) - CHUNK, false), warmed);
    rig.store.record().clear();
    rig.read(DATA, 0, 1 << 20);
    assertEquals(0, rig.store.record().bytesRead());
    assertEquals(
        new CacheControl.Warmed(0, false), rig.cache.warm(VDI, DATA, 0, 1 << 20).orElseThrow());
    assertEquals(
        new CacheControl.Warmed(0, false),
        rig.cache.warm(VDI, ObjectId.data(VDI, 9), 0, CHUNK).orElseThrow());
  }

  @Test
  void warmingStopsWhereTheCacheIsFullOfTheSameVdi_I14() throws IOException {
    long pulled = 0;
    boolean full = false;
    for (int i = 0; i < 4 && !full; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
      CacheControl.Warmed warmed =
          rig.cache.warm(VDI, ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE).orElseThrow();
      pulled += warmed.pulled();
      full = warmed.full();
    }
    assertTrue(full);
    assertTrue(pulled > rig.config.size() - (1 << 20), pulled + " bytes");
    assertEquals(pulled, rig.cache.usage().used());
    rig.store.record().clear();
    rig.read(ObjectId.data(VDI, 0), 0, ObjectId.DATA_SIZE);
    assertEquals(0, rig.store.record().bytesRead(), "what was warmed first is still there");
  }

  @Test
  void warmingMakesRoomByWhatOtherVdisHaveClean() throws IOException {
    for (int i = 0; i < 3; i++) {
      rig.stored(ObjectId.data(CLONE, i), i);
      rig.read(ObjectId.data(CLONE, i), 0, ObjectId.DATA_SIZE);
    }
    CacheControl.Warmed warmed = rig.cache.warm(VDI, DATA, 0, ObjectId.DATA_SIZE).orElseThrow();
    assertEquals(new CacheControl.Warmed(ObjectId.DATA_SIZE, false), warmed);
    assertTrue(rig.cache.usage().used() <= rig.config.size());
  }

  @Test
  void warmingStopsAtTheQuotaOfTheDisk_I14() throws IOException {
    tune(VDI, 1 << 20, 0);
    CacheControl.Warmed warmed = rig.cache.warm(VDI, DATA, 0, ObjectId.DATA_SIZE).orElseThrow();
    assertTrue(warmed.full());
    assertTrue(warmed.pulled() > 0);
    assertEquals(warmed.pulled(), rig.cache.usage().used(), "nothing of it was given up again");
    assertTrue(rig.cache.usage().used() <= 1 << 20);
  }

  @Test
  void warmingTakesNothingThatIsReservedForAnother_I14() throws IOException {
    tune(CLONE, 0, 6 << 20);
    for (int i = 0; i < 2; i++) {
      rig.stored(ObjectId.data(CLONE, i), i);
      rig.read(ObjectId.data(CLONE, i), 0, ObjectId.DATA_SIZE);
    }
    boolean full = false;
    for (int i = 0; i < 3; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
      full = rig.cache.warm(VDI, ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE).orElseThrow().full();
    }
    assertTrue(full);
    int kept = rig.cache.state().vdi(CLONE).chunks.get();
    assertTrue(kept >= (6 << 20) / CHUNK, kept + " chunks are left");
  }

  // Steps.

  private void tune(VdiId vdi, long max, long min) {
    CacheSettings settings = new CacheSettings(CacheMode.WRITEBACK, max, min);
    rig.cache.tune(List.of(new CacheTuning.Disk(List.of(vdi), settings)));
  }

  /// A client opens the disk, reads, and its boot time ends.
  private void boot(ObjectId object, VdiId vdi) throws IOException {
    rig.cache.opened(vdi);
    readBoot(object);
    endBootTime();
    awaitSaid("a boot set of 385 blocks is kept");
  }

  private void readBoot(ObjectId object) throws IOException {
    rig.read(object, 40 * CHUNK, BLOCK);
    rig.read(object, 0, BOOT_BYTES);
  }

  private void endBootTime() {
    clock.advance(BootWarmer.BOOT_TIME);
  }

  /// Starts again with an empty cache.
  private void coldRestart() throws IOException {
    rig.cache.drop(VDI, false);
    rig.restart();
    rig.store.record().clear();
    rig.cache.warm(disks);
  }

  /// Lets what comes into the cache fail, on the cache's own device.
  private Faults.Ended failSlab() {
    return rig.disk.faults().fail(DiskCall.WRITE, rig.file("slab")::equals);
  }

  /// The cache that is off ends without waiting for anything, and the next one is on.
  private void restartAfterFault() throws IOException {
    rig.restart();
    assertTrue(rig.cache.usage().on());
  }

  private void awaitFetched() {
    awaitSaid("of its boot set were fetched ahead of it");
  }

  private void awaitSaid(String what) {
    awaitSaid(what, 1);
  }

  private void awaitSaid(String what, int times) {
    Await.until(
        "the log says: " + what,
        () ->
            rig.log.messages(Level.INFO).stream().filter(line -> line.contains(what)).count()
                >= times);
  }

  private Path bootPath() {
    return rig.file("boot").resolve(VDI.toString());
  }

  private byte[] bootFile() throws IOException {
    try (DiskFile file = rig.disk.openReadOnly(bootPath())) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }
}
