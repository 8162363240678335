package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How much goes to and fro between cache and backend: what is needed, in whole blocks, once.
final class GrainTest {
  private static final int OBJECTS = 2;

  private final RandomGenerator chance = Seeds.generator("GrainTest");
  private final CacheRig rig;

  GrainTest() throws IOException {
    rig = new CacheRig();
    for (int i = 0; i < OBJECTS; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
    }
    rig.cache.warm(new FakeDiskMap(rig));
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void coldRandomReadsOfABlockPullWhatIsAsked() throws IOException {
    int blocks = ObjectId.DATA_SIZE / BLOCK;
    boolean[] read = new boolean[OBJECTS * blocks];
    long asked = 0;
    for (int i = 0; i < 600; i++) {
      int block = chance.nextInt(read.length);
      asked += read[block] ? 0 : BLOCK;
      read[block] = true;
      byte[] bytes = rig.read(ObjectId.data(VDI, block / blocks), block % blocks * BLOCK, BLOCK);
      assertEquals(pattern(block / blocks, block % blocks), bytes[BLOCK - 1]);
    }
    long pulled = rig.store.record().bytesRead();
    assertTrue(
        pulled <= asked * 1.05,
        pulled + " bytes were pulled for " + asked + ", seed " + Seeds.seed());
  }

  @Test
  void aMissIsRoundedToBlocksOverChunks() throws IOException {
    rig.read(DATA, CHUNK - 100, 200);
    assertEquals(2 * BLOCK, rig.store.record().bytesRead());
    assertEquals(1, rig.store.record().count(StoreCall.READ), "neighbours come in one request");
  }

  @Test
  void wholeBlocksOverChunksAreWrittenWithoutAPull() throws IOException {
    rig.write(DATA, CHUNK - 2 * BLOCK, filled(5 * BLOCK, 50));
    rig.write(DATA, 4 * CHUNK, filled(2 * CHUNK, 51));
    rig.cache.flush(VDI);
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void anUnalignedWritePullsItsTwoEdges() throws IOException {
    rig.write(DATA, BLOCK + 10, filled(6 * BLOCK, 50));
    assertEquals(2 * BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void aPushSendsExactlyTheDirtyBlocksAndNeighboursInOne() throws IOException {
    rig.read(DATA, 0, 4 * CHUNK);
    rig.write(DATA, CHUNK - BLOCK, filled(2 * BLOCK, 1)); // one extent over two chunks
    rig.write(DATA, 2 * CHUNK + 3 * BLOCK, filled(BLOCK, 2));
    rig.write(DATA, 2 * CHUNK + 4 * BLOCK, filled(BLOCK, 3)); // joins the one before
    rig.write(DATA, 3 * CHUNK + 7, filled(1, 4));
    rig.store.record().clear();
    rig.cache.flush(VDI);
    assertEquals(5 * BLOCK, rig.store.record().bytesWritten());
    assertEquals(3, rig.store.record().extentsWritten());
    assertEquals(1, rig.store.record().count(StoreCall.WRITE));
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void aNewObjectGoesOutWithItsDirtyBlocksOnly() throws IOException {
    ObjectId made = ObjectId.data(VDI, 7);
    rig.create(made, Base.ZEROS, CHUNK, filled(BLOCK, 1), CacheMode.WRITEBACK);
    rig.write(made, 9 * CHUNK, filled(2 * BLOCK, 2));
    rig.cache.flush(VDI);
    assertEquals(3 * BLOCK, rig.store.record().bytesWritten());
    assertEquals(2, rig.store.record().extentsWritten());
  }

  @Test
  void missesThatOverlapInPartPullEachBlockOnce() throws Exception {
    Thread first;
    Thread second;
    try (Faults.Hang pull = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      first = Thread.startVirtualThread(() -> read(8, 16));
      pull.awaitArrived(1);
      second = Thread.startVirtualThread(() -> read(0, 32));
      pull.awaitArrived(2);
    }
    first.join();
    second.join();
    rig.platform.assertNoFailures();
    assertEquals(32 * BLOCK, rig.store.record().bytesRead());
    rig.store.record().clear();
    read(0, 32);
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void aFullCacheKeepsWhatIsRead() throws IOException {
    for (int i = 0; i < 4; i++) {
      ObjectId id = ObjectId.data(VDI, 10 + i);
      rig.stored(id, i);
      rig.read(id, 0, ObjectId.DATA_SIZE);
    }
    ObjectId last = ObjectId.data(VDI, 13);
    rig.read(last, 0, 4 * BLOCK);
    rig.store.record().clear();
    rig.read(last, 0, 4 * BLOCK);
    assertEquals(0, rig.store.record().bytesRead());
    assertTrue(rig.cache.usage().used() <= rig.config.size());
  }

  @Test
  void prefetchBringsWhatIsAbsentAndReadsNothingElse() throws IOException {
    rig.read(DATA, 2 * CHUNK, CHUNK);
    rig.write(DATA, 5 * CHUNK, filled(BLOCK, 9));
    rig.store.record().clear();
    rig.cache.prefetch(DATA, BLOCK, 10 * CHUNK, access());
    assertEquals(9 * CHUNK - BLOCK, rig.store.record().bytesRead());
    rig.store.record().clear();
    assertEquals(9, rig.read(DATA, 0, 10 * CHUNK)[5 * CHUNK]);
    assertEquals(BLOCK, rig.store.record().bytesRead(), "block 0 was not asked for");
  }

  @Test
  void prefetchOfWhatIsNotThereIsNothing() throws IOException {
    rig.cache.prefetch(ObjectId.data(VDI, 99), 0, CHUNK, access());
    rig.remove(DATA, CacheMode.WRITEBACK);
    rig.cache.prefetch(DATA, 0, CHUNK, access());
    assertEquals(0, rig.store.record().bytesRead());
  }

  /// A client of sectors may ask for any; once the end of such a range was here, it never ended.
  @Test
  void prefetchEndsWhereItsEndIsInTheMiddleOfABlockThatIsHere() throws IOException {
    rig.read(DATA, 0, 2 * BLOCK);
    rig.store.record().clear();
    ends(DATA, 0, 512);
    ends(DATA, 512, BLOCK);
    ends(DATA, BLOCK + 512, 512);
    assertEquals(0, rig.store.record().bytesRead());
    ends(DATA, 512, 2 * BLOCK);
    assertEquals(BLOCK, rig.store.record().bytesRead());
    ends(DATA, ObjectId.DATA_SIZE - 512, 512);
    ends(DATA, ObjectId.DATA_SIZE - 512, 512);
    assertEquals(2 * BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void prefetchOfAnInodeEndsWithItsLastBlock() throws IOException {
    rig.stored(INODE, 3);
    int at = INODE.size() / CHUNK * CHUNK;
    ends(INODE, at, INODE.size() - at);
    ends(INODE, at, INODE.size() - at);
    assertEquals(INODE.size() - at, rig.store.record().bytesRead());
  }

  @Test
  void prefetchEndsWhereNothingIsKept_I14() throws IOException {
    rig.disk.capacity(Path.of("/"), 32L << 20); // less than a cache leaves free
    ends(DATA, 0, ObjectId.DATA_SIZE);
    assertEquals(Prefetcher.STEP, rig.store.record().bytesRead(), "one step, to find out");
    assertEquals(0, rig.cache.usage().used());
  }

  private void ends(ObjectId id, int offset, int length) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(30), () -> rig.cache.prefetch(id, offset, length, access()));
  }

  @Test
  void prefetchOfACopyBringsItsParents() throws IOException {
    ObjectId copy = ObjectId.data(VDI, 5);
    rig.create(copy, new Base.CopyOf(DATA), CHUNK, filled(BLOCK, 7), CacheMode.WRITEBACK);
    rig.cache.prefetch(copy, 0, 2 * CHUNK, access());
    assertEquals(2 * CHUNK - BLOCK, rig.store.record().bytesRead());
    rig.store.record().clear();
    assertEquals(7, rig.read(copy, 0, 2 * CHUNK)[CHUNK]);
    assertEquals(0, rig.store.record().bytesRead());
  }

  private Access access() {
    return new Access(VDI, rig.leases.generation(VDI), CacheMode.WRITEBACK, Patience.WAIT);
  }

  private void read(int block, int count) {
    try {
      byte[] bytes = rig.read(DATA, block * BLOCK, count * BLOCK);
      for (int i = 0; i < count; i++) {
        assertEquals(pattern(0, block + i), bytes[i * BLOCK]);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
