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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Defects of the first object cache, by their numbers in spec/protocol-and-cache.md §3.8, that no
/// other test is about; docs/cache-proof.md has them all.
final class CacheDefectsTest {
  private final CacheRig rig;

  CacheDefectsTest() throws IOException {
    rig = new CacheRig();
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void defect11_aStoreWithoutSpaceFailsTheFlushAndNothingIsDropped_I2() throws IOException {
    rig.store.objectsMax(0);
    assertEquals(
        Outcome.DONE, rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 7), CacheMode.WRITEBACK));
    IOException refused = assertThrows(IOException.class, () -> rig.cache.flush(VDI));
    assertTrue(String.valueOf(refused).contains("no space"), refused::toString);
    assertEquals(7, rig.read(DATA, 0, 1)[0]);
    rig.store.objectsMax(10);
    rig.cache.flush(VDI);
    assertEquals(7, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void defect11_anObjectThatIsGoneInTheStoreFailsTheFlushAndNothingIsDropped_I2()
      throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 8));
    Change removal =
        Change.of(VDI, rig.leases.generation(VDI), CacheMode.DIRECT, Durability.DURABLE);
    assertEquals(Outcome.DONE, rig.store.remove(DATA, removal));
    IOException refused = assertThrows(IOException.class, () -> rig.cache.flush(VDI));
    assertTrue(String.valueOf(refused).contains("does not have it"), refused::toString);
    assertEquals(8, rig.read(DATA, 0, 1)[0]);
    assertEquals(BLOCK, rig.dirtyBytes());
  }

  @Test
  void defect11_aPushThatSomebodyElseOvertookFailsTheFlushAndChangesNothing_I4()
      throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 9));
    Generation next = rig.leases.generation(VDI).next();
    Change newer = new Change(VDI, next, 1, CacheMode.DIRECT, Durability.DURABLE, Patience.WAIT);
    List<Extent> theirs = List.of(new Extent(0, ByteBuffer.wrap(filled(BLOCK, 10))));
    assertEquals(Outcome.DONE, rig.store.write(DATA, theirs, newer));
    assertThrows(IOException.class, () -> rig.cache.flush(VDI));
    assertEquals(10, rig.behind(DATA, 0, 1)[0]);
    assertEquals(BLOCK, rig.dirtyBytes());
  }

  @Test
  void defect14_aWriteThroughThatFailsStaysDirtyAndGoesWithTheNextBarrier_I2_I19()
      throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, BLOCK);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(
          IOException.class, () -> rig.write(DATA, 0, filled(BLOCK, 11), CacheMode.WRITETHROUGH));
    }
    assertEquals(pattern(1, 0), rig.behind(DATA, 0, 1)[0]);
    rig.cache.flush(VDI);
    assertArrayEquals(rig.read(DATA, 0, BLOCK), rig.behind(DATA, 0, BLOCK));
  }

  @Test
  void defect15_aDirectWriteOverDirtyBytesFailsWhereTheyCannotBePushed_I9() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(2 * BLOCK, 12));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(
          IOException.class, () -> rig.write(DATA, BLOCK, filled(BLOCK, 13), CacheMode.DIRECT));
    }
    assertEquals(12, rig.read(DATA, 0, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(12, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void defect19_aWriteThroughReachesTheStoreOnce() throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 2);
    for (ObjectId object : List.of(DATA, INODE)) {
      rig.store.record().clear();
      rig.write(object, 0, filled(BLOCK, 14), CacheMode.WRITETHROUGH);
      rig.cache.flush(VDI);
      assertEquals(1, rig.store.record().count(StoreCall.WRITE), object::toString);
      assertEquals(BLOCK, rig.store.record().bytesWritten(), object::toString);
    }
  }

  @Test
  void defect21_aDirectWriteLeavesTheRestOfItsVdiCached() throws IOException {
    ObjectId other = ObjectId.data(VDI, 1);
    rig.stored(DATA, 1);
    rig.stored(other, 2);
    rig.read(DATA, 0, 4 * CHUNK);
    rig.read(other, 0, 4 * CHUNK);
    rig.write(DATA, 0, filled(BLOCK, 15), CacheMode.DIRECT);
    rig.store.record().clear();
    rig.read(DATA, CHUNK, 3 * CHUNK);
    rig.read(other, 0, 4 * CHUNK);
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void defect22_dirtyDataIsPushedWhenItIsOldThoughNobodyFlushes() throws IOException {
    rig.config =
        new CacheConfig(
            rig.config.directory(), rig.config.size(), true, true, Duration.ofMillis(10));
    rig.restart();
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 16));
    Await.until("old data is pushed", () -> rig.behind(DATA, 0, 1)[0] == 16);
  }

  @Test
  void everyEdgeOfABlockAndTheLastByteOfEachKindOfObjectAreWrittenAndPushed_I1()
      throws IOException {
    for (ObjectId object : List.of(DATA, INODE)) {
      rig.stored(object, 1);
      List<Integer> edges =
          List.of(BLOCK, 15 * BLOCK, CHUNK, 2 * CHUNK, 63 * CHUNK, object.size() - 1);
      for (int edge : edges) {
        int end = Math.min(edge + 1, object.size());
        rig.write(object, edge - 1, filled(end - edge + 1, 17));
      }
      rig.cache.flush(VDI);
      assertEquals(0, rig.dirtyBytes());
      for (int edge : edges) {
        assertEquals(17, rig.behind(object, edge - 1, 1)[0], object + " " + edge);
        assertEquals(17, rig.behind(object, edge, 1)[0], object + " " + edge);
        assertEquals(
            pattern(1, (edge - 2) / BLOCK),
            rig.behind(object, edge - 2, 1)[0],
            object + " " + edge);
      }
    }
  }

  @Test
  void aCreateWithoutBytesIsPushedToo_I1() throws IOException {
    rig.create(DATA, Base.ZEROS, 0, new byte[0], CacheMode.WRITEBACK);
    rig.cache.flush(VDI);
    assertEquals(0, rig.behind(DATA, 0, 1)[0]);
  }
}
