package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheControl.Counters;
import dev.kelpie.cache.CacheControl.VdiUsage;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the cache tells operators about itself.
class CacheCountersTest {
  private CacheRig rig;

  @BeforeEach
  void start() throws IOException {
    rig = new CacheRig();
  }

  @AfterEach
  void stop() throws IOException {
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void readsAreHitsOrMisses() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, 2 * BLOCK);
    rig.read(DATA, 0, 2 * BLOCK);
    rig.read(DATA, BLOCK, 2 * BLOCK);
    assertEquals(1, counters().hits());
    assertEquals(2, counters().misses());
    assertEquals(3 * BLOCK, counters().pulledBytes());
    assertEquals(3 * BLOCK, usage().validBytes());
    assertEquals(0, usage().dirtyBytes());
  }

  @Test
  void aReadThatMustNotWaitCountsOnce() throws IOException {
    rig.stored(DATA, 1);
    rig.readNow(DATA, 0, ByteBuffer.allocateDirect(BLOCK));
    assertTrue(rig.cache.usage().vdis().isEmpty());
    rig.read(DATA, 0, BLOCK);
    assertEquals(1, counters().misses());
  }

  @Test
  void aReadOfACopyCountsOnce() throws IOException {
    ObjectId parent = ObjectId.data(new VdiId(7), 0);
    rig.stored(parent, 1);
    rig.create(DATA, new Base.CopyOf(parent), 0, filled(BLOCK, 1), CacheMode.WRITEBACK);
    rig.read(DATA, BLOCK, BLOCK);
    assertEquals(1, counters().misses());
    rig.read(DATA, BLOCK, BLOCK);
    assertEquals(1, counters().hits());
    assertEquals(BLOCK, counters().pulledBytes());
  }

  @Test
  void dirtyDataHasAnAgeUntilItIsPushed() throws IOException {
    ManualClock clock = new ManualClock();
    rig.cache.close();
    rig.platform = new TestPlatform(rig.disk, clock);
    rig.cache =
        ObjectCache.open(rig.platform.platform(), Log.NONE, rig.config, rig.store, rig.leases);
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(2 * BLOCK, 5));
    clock.advance(Duration.ofSeconds(3));
    rig.write(DATA, 0, filled(BLOCK, 6));
    assertEquals(Optional.of(Duration.ofSeconds(3)), usage().oldestDirty());
    assertEquals(2 * BLOCK, usage().dirtyBytes());
    assertEquals(1, usage().dirtyObjects());
    assertEquals(CacheRig.CHUNK, rig.cache.usage().dirty());
    rig.cache.flush(VDI);
    assertEquals(2 * BLOCK, counters().pushedBytes());
    assertEquals(Optional.empty(), usage().oldestDirty());
    assertEquals(0, usage().dirtyBytes());
    assertEquals(2 * BLOCK, usage().validBytes());
    assertEquals(0, rig.cache.usage().dirty());
  }

  @Test
  void aFailedPushIsCountedAndWhatItCarriedOnlyOnce() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 5));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(IOException.class, () -> rig.cache.flush(VDI));
    }
    assertEquals(1, counters().pushesFailed());
    assertEquals(0, counters().pushedBytes());
    rig.cache.flush(VDI);
    assertEquals(BLOCK, counters().pushedBytes());
  }

  @Test
  void whatIsFetchedAheadIsNoMiss() throws IOException {
    rig.stored(DATA, 1);
    Access access = new Access(VDI, rig.leases.generation(VDI), CacheMode.WRITEBACK, Patience.WAIT);
    rig.cache.prefetch(DATA, 0, 4 * BLOCK, access);
    assertEquals(4 * BLOCK, counters().readAheadBytes());
    assertEquals(4 * BLOCK, counters().pulledBytes());
    assertEquals(0, counters().misses() + counters().hits());
    rig.read(DATA, 0, 4 * BLOCK);
    assertEquals(1, counters().hits());
  }

  @Test
  void evictedBytesAreCounted() throws IOException {
    int objects = 4;
    for (int i = 0; i < objects; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
      rig.read(ObjectId.data(VDI, i), 0, DATA.size());
    }
    rig.write(ObjectId.data(VDI, objects - 1), 0, filled(DATA.size(), 9));
    assertTrue(counters().evictedBytes() > 0);
    long valid = usage().validBytes();
    rig.cache.drop(VDI, false);
    assertTrue(valid > 0);
    assertEquals(0, usage().validBytes());
    assertEquals(0, usage().usedBytes());
  }

  @Test
  void damageIsCounted() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, BLOCK);
    flipABit();
    rig.read(DATA, 0, BLOCK);
    assertEquals(1, counters().damagedClean());
    rig.write(DATA, 0, filled(BLOCK, 3));
    flipABit();
    assertThrows(IOException.class, () -> rig.read(DATA, 0, BLOCK));
    assertEquals(1, counters().damagedDirty());
  }

  @Test
  void validBlocksAreCountedAnewAfterARestart() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, 3 * BLOCK);
    rig.write(DATA, 0, filled(BLOCK, 3));
    rig.kill();
    assertEquals(3 * BLOCK, usage().validBytes());
    assertEquals(BLOCK, usage().dirtyBytes());
    assertEquals(Counters.ZERO, counters());
  }

  @Test
  void objectsAreCountedByVdi() throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 1);
    rig.read(DATA, 0, BLOCK);
    rig.read(DATA, CacheRig.CHUNK, BLOCK);
    rig.read(INODE, 0, BLOCK);
    assertEquals(Map.of(VDI, 2), rig.cache.objects());
  }

  @Test
  void theLimitOfDirtySpaceIsWithinTheQuota_I14() {
    CacheControl.Usage usage = rig.cache.usage();
    assertTrue(usage.on());
    assertTrue(usage.dirtyMax() > 0 && usage.dirtyMax() < usage.size());
  }

  /// In every chunk.
  private void flipABit() {
    for (int chunk = 0; chunk < rig.config.chunks(); chunk++) {
      if (rig.cache.state().table.owner(chunk) != 0) {
        rig.disk.flip(rig.file("slab"), IndexLayout.slabOffset(chunk) * 8);
      }
    }
  }

  private VdiUsage usage() {
    return rig.cache.usage().vdis().stream()
        .filter(vdi -> vdi.vdi().equals(VDI))
        .findFirst()
        .orElseThrow();
  }

  private Counters counters() {
    return usage().counters();
  }
}
