package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.CacheTuning.Disk;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whose the space is: quotas and reservations to the chunk, and who gives way to whom. The cache
/// has 160 chunks.
@Timeout(120)
final class SpaceTest {
  private static final VdiId A = new VdiId(0xa);
  private static final VdiId B = new VdiId(0xb);
  private static final VdiId C = new VdiId(0xc);
  private static final int CHUNKS_PER_OBJECT = ObjectId.DATA_SIZE / CHUNK;
  private static final int ALL = (int) (CacheConfig.SIZE_MIN / CHUNK);

  private final CacheRig rig;

  SpaceTest() throws IOException {
    rig = new CacheRig();
    for (VdiId vdi : List.of(A, B, C)) {
      for (int i = 0; i < 4; i++) {
        rig.stored(ObjectId.data(vdi, i), vdi.value() + i);
      }
    }
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  private void tune(VdiId vdi, int max, int min) {
    tune(List.of(vdi), max, min);
  }

  private void tune(List<VdiId> vdis, int max, int min) {
    rig.cache.tune(
        List.of(
            new Disk(
                vdis,
                new CacheSettings(CacheMode.WRITEBACK, (long) max * CHUNK, (long) min * CHUNK))));
  }

  private int used(VdiId... vdis) {
    return (int) (rig.cache.used(List.of(vdis)) / CHUNK);
  }

  private static ObjectId object(VdiId vdi, int chunk) {
    return ObjectId.data(vdi, chunk / CHUNKS_PER_OBJECT);
  }

  private static int offset(int chunk) {
    return chunk % CHUNKS_PER_OBJECT * CHUNK;
  }

  private void read(VdiId vdi, int chunk) throws IOException {
    rig.read(object(vdi, chunk), offset(chunk), CHUNK);
  }

  private void read(VdiId vdi, int from, int to) throws IOException {
    for (int chunk = from; chunk < to; chunk++) {
      read(vdi, chunk);
    }
  }

  private void write(VdiId vdi, int chunk, int with) throws IOException {
    rig.write(object(vdi, chunk), offset(chunk), filled(CHUNK, with));
  }

  @Test
  void aFullCacheReplacesForReadsToo() throws IOException {
    read(A, 0, ALL);
    assertEquals(ALL, used(A));
    read(B, 0, 40);
    assertTrue(used(B) >= 20, () -> "what is read is kept, old for new: " + used(B));
    assertTrue(used(A, B) <= ALL);
  }

  @Test
  void aDiskAtItsQuotaReplacesItsOwnChunksAndNoOthers_I14() throws IOException {
    tune(A, 16, 0);
    read(B, 0, 100);
    for (int i = 0; i < 100; i++) {
      read(A, i);
      assertEquals(Math.min(i + 1, 16), used(A), "not one more, and not one less");
    }
    rig.store.record().clear();
    read(B, 0, 100);
    assertEquals(0, rig.store.record().bytesRead(), "all of the other disk is still here");
  }

  @Test
  void aDiskAtItsQuotaReplacesItsOwnAlsoInAFullCache() throws IOException {
    tune(A, 16, 0);
    read(B, 0, ALL);
    read(A, 0, 16);
    assertEquals(16, used(A));
    int others = used(B);
    assertTrue(others <= ALL - 16);
    read(A, 16, 200);
    assertEquals(16, used(A));
    assertEquals(others, used(B), "what it misses beyond its quota costs nobody else anything");
  }

  @Test
  void writesKeepToTheQuotaAndAreNotRefused_I14() throws IOException {
    tune(A, 16, 0);
    for (int i = 0; i < 100; i++) {
      write(A, i, i);
      assertTrue(used(A) <= 16, () -> "chunks in use: " + used(A));
    }
    assertTrue(used(A) > 4, "half of what may be dirty is, before writes go past the cache");
    rig.cache.flush(A);
    for (int i = 0; i < 100; i++) {
      assertEquals((byte) i, rig.behind(object(A, i), offset(i), 1)[0]);
    }
  }

  @Test
  void oneReadThatIsLargerThanTheQuotaIsServed() throws IOException {
    tune(A, 16, 0);
    byte[] bytes = rig.read(ObjectId.data(A, 0), 0, ObjectId.DATA_SIZE);
    assertEquals(pattern(A.value(), 1023), bytes[ObjectId.DATA_SIZE - 1]);
    assertEquals(16, used(A));
  }

  @Test
  void othersTakeWhatIsBeyondAReservationAndNoMore() throws IOException {
    tune(A, 0, 32);
    read(A, 0, 40);
    for (int i = 0; i < 256; i++) {
      read(B, i);
      assertTrue(used(A) >= 32, () -> "a reserved chunk is gone: " + used(A));
    }
    assertEquals(32, used(A), "what is not reserved is everybody's");
    assertTrue(used(B) > ALL - 32 - 20, "room is made for some at a time: " + used(B));
  }

  @Test
  void aReservationIsFilledFromWhatOthersHave() throws IOException {
    tune(A, 0, 32);
    read(B, 0, ALL);
    assertEquals(ALL, used(B));
    read(A, 0, 32);
    assertEquals(32, used(A));
    rig.store.record().clear();
    read(A, 0, 32);
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void whereEverythingIsReservedByOthersThereIsStillRoomToWrite_I14() throws IOException {
    int half = ChunkSpace.reservable(ALL) / 2;
    tune(A, 0, half);
    tune(B, 0, half);
    read(A, 0, 100);
    read(B, 0, 100);
    for (int i = 0; i < 100; i++) {
      write(C, i, i);
    }
    assertTrue(used(A) >= half && used(B) >= half);
    assertTrue(used(C) > 0);
  }

  @Test
  void reservationsBeyondTheSpaceCountInProportion() throws IOException {
    tune(A, 0, 4 * ALL);
    tune(B, 0, 2 * ALL);
    read(A, 0, 120);
    read(B, 0, 120);
    read(C, 0, 256);
    assertEquals(80, used(A));
    assertEquals(40, used(B));
    assertTrue(used(C) > 40 - 20, "the rest: " + used(C));
  }

  @Test
  void aLowerQuotaEvictsInTheBackgroundAndPushesFirst_I2() throws IOException {
    for (int i = 0; i < 40; i++) {
      write(A, i, i);
    }
    assertEquals(40, used(A));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, id -> id.vdi().equals(A))) {
      tune(A, 16, 0);
      Await.until("a push was tried", () -> !rig.store.record().calls(StoreCall.WRITE).isEmpty());
      assertEquals(40, used(A), "what cannot be pushed is not dropped");
    }
    Await.until("the quota is kept", () -> used(A) <= 16);
    assertEquals(16, used(A));
    for (int i = 0; i < 40; i++) {
      assertEquals((byte) i, rig.behind(object(A, i), offset(i), 1)[0]);
      assertArrayEquals(filled(CHUNK, i), rig.read(object(A, i), offset(i), CHUNK));
    }
    tune(A, 0, 0);
    read(A, 0, 40);
    assertEquals(40, used(A));
  }

  @Test
  void snapshotsShareTheQuotaOfTheirDisk() throws IOException {
    read(A, 0, 30);
    tune(List.of(B, A), 40, 0);
    read(B, 0, 60);
    assertEquals(40, used(A, B));
    read(C, 0, 50);
    assertEquals(40, used(A, B));
    tune(List.of(A), 0, 0);
    tune(List.of(B), 40, 0);
    read(B, 0, 60);
    assertEquals(40, used(B));
  }

  @Test
  void aSnapshotThatIsDeletedLeavesNoReservationBehind() throws IOException {
    tune(List.of(B, A), 0, 40);
    read(A, 0, 20);
    read(B, 0, 20);
    tune(List.of(B), 0, 40);
    read(C, 0, 200);
    assertEquals(0, used(A));
    assertEquals(20, used(B));
  }

  @Test
  void deletionGivesTheSpaceBackAtOnceAndPushesNothing_I18() throws IOException {
    rig.stored(ObjectId.inode(A), 9);
    for (int i = 0; i < 20; i++) {
      write(A, i, i);
    }
    rig.create(
        ObjectId.data(A, 9),
        dev.kelpie.object.Base.ZEROS,
        0,
        filled(CHUNK, 1),
        CacheMode.WRITEBACK);
    rig.write(ObjectId.inode(A), 0, filled(512, 1));
    rig.store.record().clear();
    rig.cache.forget(A);
    assertEquals(0, used(A));
    assertEquals(0, rig.dirtyBytes());
    rig.cache.flush(A);
    assertEquals(0, rig.store.record().bytesWritten());
  }

  @Test
  void deletedVdiKeepsItsRemovalsForWhoFreesItsSpace_I23() throws IOException {
    ObjectId object = ObjectId.data(A, 0);
    rig.stored(object, 1);
    rig.remove(object, CacheMode.WRITEBACK);
    assertTrue(rig.store.bytes(object).isPresent());
    rig.cache.forget(A);
    rig.cache.flush(A);
    assertTrue(rig.store.bytes(object).isEmpty(), "nobody would remove it any more");
  }

  /// As a backup through the cache is: fetched ahead of its reads.
  @Test
  void scanThatIsFetchedAheadEvictsNothingThatIsUsed() throws IOException {
    int hot = ALL / 4;
    for (int round = 0; round < 3; round++) {
      read(A, 0, hot);
    }
    for (int chunk = 0; chunk < 2 * ALL; chunk++) {
      VdiId vdi = chunk < ALL ? B : C;
      int at = chunk % ALL;
      Access access =
          new Access(vdi, rig.leases.generation(vdi), CacheMode.WRITEBACK, Patience.WAIT);
      rig.cache.prefetch(object(vdi, at), offset(at), CHUNK, access);
      read(vdi, at);
    }
    rig.store.record().clear();
    read(A, 0, hot);
    assertEquals(0, rig.store.record().count(StoreCall.READ));
  }

  @Test
  void discardGivesTheSpaceBackAtOnce() throws IOException {
    read(A, 0, 100);
    rig.remove(ObjectId.data(A, 0), CacheMode.WRITEBACK);
    assertEquals(100 - CHUNKS_PER_OBJECT, used(A));
    rig.remove(ObjectId.data(A, 1), CacheMode.DIRECT);
    assertEquals(0, used(A));
  }

  @Test
  void limitsHoldWhateverIsDone_I14() throws IOException {
    RandomGenerator chance = Seeds.generator("limitsHoldWhateverIsDone");
    List<VdiId> disks = List.of(A, B, C);
    Map<VdiId, Integer> max = new HashMap<>();
    Map<VdiId, Integer> min = new HashMap<>();
    Map<Long, Byte> content = new HashMap<>();
    for (int step = 0; step < 4000; step++) {
      VdiId vdi = disks.get(chance.nextInt(3));
      int chunk = chance.nextInt(4 * CHUNKS_PER_OBJECT);
      Map<VdiId, Integer> before = new HashMap<>();
      disks.forEach(disk -> before.put(disk, used(disk)));
      switch (chance.nextInt(100)) {
        case 0 -> {
          int low = chance.nextInt(ChunkSpace.reservable(ALL) / 3 + 1);
          int high = chance.nextBoolean() ? 0 : Math.max(16, low + chance.nextInt(60));
          tune(vdi, high, low);
          max.put(vdi, high == 0 ? ALL : high);
          min.put(vdi, low);
          Await.until("the new quota is kept", () -> used(vdi) <= max.getOrDefault(vdi, ALL));
        }
        case 1 -> rig.cache.flush(vdi);
        case 2 -> rig.cache.drop(vdi, false);
        case 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 -> {
          write(vdi, chunk, step);
          content.put(vdi.value() * 1000L + chunk, (byte) step);
        }
        default -> {
          byte[] bytes = rig.read(object(vdi, chunk), offset(chunk), CHUNK);
          Byte written = content.get(vdi.value() * 1000L + chunk);
          int seed = vdi.value() + chunk / CHUNKS_PER_OBJECT;
          byte first = pattern(seed, offset(chunk) / CacheRig.BLOCK);
          assertEquals(written != null ? written : first, bytes[0], "seed " + Seeds.seed());
        }
      }
      for (VdiId disk : disks) {
        String what = disk + " in step " + step + ", seed " + Seeds.seed();
        assertTrue(used(disk) <= max.getOrDefault(disk, ALL), what);
        if (!disk.equals(vdi)) {
          int kept = Math.min(before.getOrDefault(disk, 0), min.getOrDefault(disk, 0));
          assertTrue(used(disk) >= kept, what);
        }
      }
      assertTrue(used(A, B, C) <= ALL);
    }
  }
}
