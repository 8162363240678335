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
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Outcome;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.StoreRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What one request after the other does, and what two at once do.
final class ObjectCacheTest {
  private final CacheRig rig;

  ObjectCacheTest() throws IOException {
    rig = new CacheRig();
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void missPullsTheBlocksAskedForAndNoMore() throws IOException {
    rig.stored(DATA, 1);
    assertArrayEquals(filled(BLOCK, pattern(1, 5)), rig.read(DATA, 5 * BLOCK, BLOCK));
    assertEquals(BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void partOfABlockPullsTheBlock() throws IOException {
    rig.stored(DATA, 1);
    assertArrayEquals(filled(10, pattern(1, 2)), rig.read(DATA, 2 * BLOCK + 7, 10));
    assertEquals(BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void secondReadIsAHit() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 0, 3 * CHUNK);
    rig.store.record().clear();
    rig.read(DATA, BLOCK, 2 * CHUNK);
    assertEquals(0, rig.store.record().calls().size());
    ByteBuffer into = ByteBuffer.allocateDirect(BLOCK);
    assertEquals(Outcome.DONE, rig.readNow(DATA, CHUNK, into));
    assertEquals(Outcome.WOULD_WAIT, rig.readNow(DATA, 4 * CHUNK, into.clear()));
    assertEquals(0, into.position());
  }

  @Test
  void readPullsOnlyWhatIsMissingBetweenHits() throws IOException {
    rig.stored(DATA, 1);
    rig.read(DATA, 2 * BLOCK, BLOCK);
    rig.store.record().clear();
    byte[] bytes = rig.read(DATA, 0, 5 * BLOCK);
    assertEquals(4 * BLOCK, rig.store.record().bytesRead());
    for (int block = 0; block < 5; block++) {
      assertEquals(pattern(1, block), bytes[block * BLOCK]);
    }
  }

  @Test
  void directReadTakesCachedBlocksAndKeepsNothingNew_I7() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 99));
    assertEquals(99, rig.read(DATA, 0, BLOCK, CacheMode.DIRECT)[0]);
    rig.read(DATA, 10 * CHUNK, BLOCK, CacheMode.DIRECT);
    rig.store.record().clear();
    rig.read(DATA, 10 * CHUNK, BLOCK);
    assertEquals(BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void writeBackReachesTheStoreWithTheFlush_I1() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, BLOCK, filled(2 * BLOCK, 50));
    rig.write(DATA, 9 * BLOCK, filled(BLOCK, 51));
    assertEquals(List.of(), rig.store.record().calls());
    rig.cache.flush(VDI);
    List<StoreRecord.Call> writes = rig.store.record().calls(StoreCall.WRITE);
    assertEquals(1, writes.size(), "one push of the object");
    assertEquals(3 * BLOCK, rig.store.record().bytesWritten(), "exactly the dirty blocks");
    assertEquals(50, rig.store.afterPowerCut().bytes(DATA).orElseThrow()[2 * BLOCK]);
    assertEquals(0, rig.dirtyBytes());
  }

  @Test
  void wholeBlocksAreWrittenWithoutAPull() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 3 * CHUNK, filled(CHUNK, 50));
    assertEquals(0, rig.store.record().bytesRead());
  }

  @Test
  void partOfABlockIsMergedWithTheRest() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 100, filled(BLOCK, 77));
    rig.cache.flush(VDI);
    byte[] behind = rig.behind(DATA, 0, 2 * BLOCK);
    assertEquals(pattern(1, 0), behind[99]);
    assertEquals(77, behind[100]);
    assertEquals(77, behind[BLOCK + 99]);
    assertEquals(pattern(1, 1), behind[BLOCK + 100]);
  }

  @Test
  void newObjectIsZerosOutsideWhatWasWritten() throws IOException {
    assertEquals(
        Outcome.DONE, rig.create(DATA, Base.ZEROS, 10, filled(20, 5), CacheMode.WRITEBACK));
    byte[] bytes = rig.read(DATA, 0, 2 * CHUNK);
    assertEquals(0, bytes[9]);
    assertEquals(5, bytes[10]);
    assertEquals(0, bytes[30]);
    rig.cache.flush(VDI);
    assertEquals(1, rig.store.record().count(StoreCall.CREATE));
    assertEquals(0, rig.store.record().bytesRead());
    assertEquals(5, rig.behind(DATA, 29, 1)[0]);
  }

  @Test
  void createReplacesWhatWasThere_I6_I12() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, CHUNK, filled(BLOCK, 8));
    rig.read(DATA, 0, BLOCK);
    rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 9), CacheMode.WRITEBACK);
    assertEquals(0, rig.read(DATA, CHUNK, BLOCK)[0]);
    rig.cache.flush(VDI);
    assertEquals(9, rig.behind(DATA, 0, 1)[0]);
    assertEquals(0, rig.behind(DATA, CHUNK, 1)[0]);
    assertEquals(0, rig.behind(DATA, 2 * CHUNK, 1)[0]);
  }

  @Test
  void copyHasItsParentsLastAcknowledgedBytes_I11() throws IOException {
    VdiId child = new VdiId(0x1234);
    ObjectId copy = ObjectId.data(child, 0);
    rig.stored(DATA, 1);
    rig.write(DATA, 2 * BLOCK, filled(BLOCK, 66));
    rig.create(copy, new Base.CopyOf(DATA), 5 * BLOCK + 1, filled(3, 67), CacheMode.WRITEBACK);
    assertEquals(66, rig.read(copy, 2 * BLOCK, 1)[0]);
    assertEquals(pattern(1, 3), rig.read(copy, 3 * BLOCK, 1)[0]);
    assertEquals(67, rig.read(copy, 5 * BLOCK + 1, 1)[0]);
    assertEquals(pattern(1, 5), rig.read(copy, 5 * BLOCK, 1)[0]);
    rig.cache.flush(child);
    assertEquals(66, rig.behind(copy, 2 * BLOCK, 1)[0]);
    assertEquals(67, rig.behind(copy, 5 * BLOCK + 3, 1)[0]);
    assertEquals(pattern(1, 5), rig.behind(copy, 5 * BLOCK + 4, 1)[0]);
  }

  @Test
  void copyOfWhatIsNotThereIsRefusedAndLeavesNothingToPush() throws IOException {
    VdiId child = new VdiId(0x1234);
    ObjectId copy = ObjectId.data(child, 0);
    Base base = new Base.CopyOf(DATA);
    assertEquals(Outcome.NO_OBJECT, rig.create(copy, base, 0, filled(3, 67), CacheMode.WRITEBACK));
    rig.cache.flush(child);
    assertEquals(Optional.empty(), rig.cache.stat(copy));
    rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 5), CacheMode.WRITEBACK);
    assertEquals(Outcome.DONE, rig.create(copy, base, 0, filled(3, 67), CacheMode.WRITEBACK));
    rig.remove(DATA, CacheMode.WRITEBACK);
    ObjectId second = ObjectId.data(child, 1);
    assertEquals(
        Outcome.NO_OBJECT, rig.create(second, base, 0, filled(3, 67), CacheMode.WRITEBACK));
  }

  @Test
  void removedObjectIsGoneAtOnceAndLeavesTheStoreAfterTheInode_I5() throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 2);
    rig.write(DATA, 0, filled(BLOCK, 3));
    rig.write(INODE, 4664, new byte[4]);
    rig.store.record().clear();
    assertEquals(Outcome.DONE, rig.remove(DATA, CacheMode.WRITEBACK));
    ByteBuffer into = ByteBuffer.allocate(1);
    assertEquals(Outcome.NO_OBJECT, rig.tryRead(DATA, 0, into, CacheMode.WRITEBACK));
    assertEquals(Outcome.NO_OBJECT, rig.write(DATA, 0, new byte[1], CacheMode.WRITEBACK));
    rig.cache.flush(VDI);
    List<StoreCall> calls = kinds();
    assertEquals(
        List.of(StoreCall.FLUSH, StoreCall.WRITE, StoreCall.FLUSH, StoreCall.REMOVE), calls);
    assertTrue(rig.store.bytes(DATA).isEmpty());
  }

  @Test
  void recreateCancelsAPendingRemoval_I12() throws IOException {
    rig.stored(DATA, 1);
    rig.remove(DATA, CacheMode.WRITEBACK);
    rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 4), CacheMode.WRITEBACK);
    rig.cache.flush(VDI);
    assertEquals(0, rig.store.record().count(StoreCall.REMOVE));
    assertEquals(4, rig.read(DATA, 0, 1)[0]);
    assertEquals(0, rig.behind(DATA, CHUNK, 1)[0]);
  }

  @Test
  void flushBringsDataBeforeTheInodeThatNamesIt_I5() throws IOException {
    rig.stored(INODE, 2);
    rig.write(INODE, 4664, new byte[] {1, 2, 3, 4});
    rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 1), CacheMode.WRITEBACK);
    rig.store.record().clear();
    rig.cache.flush(VDI);
    assertEquals(
        List.of(StoreCall.CREATE, StoreCall.FLUSH, StoreCall.WRITE, StoreCall.FLUSH), kinds());
    assertEquals(INODE, rig.store.record().calls(StoreCall.WRITE).getFirst().object());
  }

  @Test
  void writeThroughInodeGoesOutAfterTheDataItNames_I5_I24() throws IOException {
    rig.stored(INODE, 2);
    rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 1), CacheMode.WRITEBACK);
    rig.store.record().clear();
    rig.write(INODE, 4664, new byte[] {1, 2, 3, 4}, CacheMode.WRITETHROUGH);
    List<StoreCall> calls = kinds();
    assertTrue(
        calls.indexOf(StoreCall.CREATE) < calls.indexOf(StoreCall.FLUSH)
            && calls.indexOf(StoreCall.FLUSH) < calls.indexOf(StoreCall.WRITE),
        calls::toString);
    assertEquals(1, rig.store.afterPowerCut().bytes(INODE).orElseThrow()[4664]);
  }

  @Test
  void failedFlushDropsNothingAndTheNextOneTriesAgain_I2() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 88));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(IOException.class, () -> rig.cache.flush(VDI));
      assertThrows(IOException.class, () -> rig.cache.flush(VDI));
    }
    assertEquals(BLOCK, rig.dirtyBytes());
    assertEquals(88, rig.read(DATA, 0, 1)[0]);
    rig.cache.flush(VDI);
    assertEquals(88, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void writeDuringAPushStaysDirty_I1() throws Exception {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(2 * BLOCK, 10));
    Thread flush;
    try (Faults.Hang push = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      flush = Thread.startVirtualThread(() -> sneaky(() -> rig.cache.flush(VDI)));
      push.awaitArrived(1);
      rig.write(DATA, BLOCK, filled(BLOCK, 11));
      assertEquals(11, rig.read(DATA, BLOCK, 1)[0]);
    }
    flush.join();
    assertEquals(BLOCK, rig.dirtyBytes());
    rig.cache.flush(VDI);
    assertEquals(10, rig.behind(DATA, 0, 1)[0]);
    assertEquals(11, rig.behind(DATA, BLOCK, 1)[0]);
  }

  @Test
  void flushWaitsForAPushUnderWay_I1() throws Exception {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 10));
    List<Thread> flushes = new ArrayList<>();
    try (Faults.Hang push = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      flushes.add(Thread.startVirtualThread(() -> sneaky(() -> rig.cache.flush(VDI))));
      push.awaitArrived(1);
      flushes.add(Thread.startVirtualThread(() -> sneaky(() -> rig.cache.flush(VDI))));
      Await.until(
          "the second flush waits", () -> flushes.get(1).getState() == Thread.State.WAITING);
      assertEquals(0, rig.store.record().count(StoreCall.FLUSH));
    }
    for (Thread flush : flushes) {
      flush.join();
    }
    assertEquals(1, rig.store.record().count(StoreCall.WRITE), "the flushes share the push");
  }

  @Test
  void concurrentMissesPullOnce() throws Exception {
    rig.stored(DATA, 1);
    List<Thread> readers = new ArrayList<>();
    try (Faults.Hang pull = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      for (int i = 0; i < 8; i++) {
        readers.add(
            Thread.startVirtualThread(
                () -> sneaky(() -> assertEquals(pattern(1, 0), rig.read(DATA, 0, BLOCK)[0]))));
      }
      pull.awaitArrived(1);
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertEquals(BLOCK, rig.store.record().bytesRead());
  }

  @Test
  void pullDoesNotBringBackWhatWasWrittenMeanwhile_I7() throws Exception {
    rig.stored(DATA, 1);
    Thread reader;
    try (Faults.Hang pull = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      reader = Thread.startVirtualThread(() -> sneaky(() -> rig.read(DATA, 0, 4 * BLOCK)));
      pull.awaitArrived(1);
      rig.write(DATA, BLOCK, filled(BLOCK, 44));
    }
    reader.join();
    assertEquals(44, rig.read(DATA, BLOCK, 1)[0]);
    assertEquals(pattern(1, 2), rig.read(DATA, 2 * BLOCK, 1)[0]);
  }

  @Test
  void pullDoesNotBringBackWhatWasPushedAndDroppedMeanwhile_I15() throws Exception {
    rig.stored(DATA, 1);
    Thread reader;
    try (Faults.Hang pull = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      reader = Thread.startVirtualThread(() -> sneaky(() -> rig.read(DATA, 0, BLOCK)));
      pull.awaitArrived(1);
      rig.write(DATA, 0, filled(BLOCK, 45));
      rig.cache.flush(VDI);
      rig.cache.drop(VDI, false);
    }
    reader.join();
    assertEquals(45, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void writeThroughIsDurableWhenAnsweredAndKept() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 12), CacheMode.WRITETHROUGH);
    assertEquals(12, rig.store.afterPowerCut().bytes(DATA).orElseThrow()[0]);
  }

  @Test
  void directWriteGoesPastTheCacheWhereNothingIsCached_I9() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 13), CacheMode.DIRECT);
    assertEquals(0, rig.cache.usage().used());
    assertEquals(13, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void directWritePushesWhatIsDirtyAndKeepsTheOrder_I9_I19() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(2 * BLOCK, 20));
    rig.write(DATA, BLOCK, filled(BLOCK, 21), CacheMode.DIRECT);
    assertEquals(20, rig.behind(DATA, 0, 1)[0]);
    assertEquals(21, rig.behind(DATA, BLOCK, 1)[0]);
    assertEquals(21, rig.read(DATA, BLOCK, 1)[0]);
    assertEquals(0, rig.dirtyBytes());
  }

  @Test
  void quotaHoldsWhateverIsRead_I14() throws IOException {
    for (int i = 0; i < 6; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
    }
    for (int i = 0; i < 6; i++) {
      rig.read(ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE);
      assertTrue(rig.cache.usage().used() <= rig.config.size());
    }
    assertTrue(rig.cache.usage().used() > rig.config.size() * 9 / 10);
  }

  @Test
  void writersBeyondTheDirtyLimitWaitAndNeverFail_I14() throws IOException {
    for (int i = 0; i < 6; i++) {
      ObjectId id = ObjectId.data(VDI, i);
      rig.create(id, Base.ZEROS, 0, filled(ObjectId.DATA_SIZE, i + 1), CacheMode.WRITEBACK);
      assertTrue(rig.cache.usage().used() <= rig.config.size());
    }
    rig.cache.flush(VDI);
    for (int i = 0; i < 6; i++) {
      assertArrayEquals(
          filled(ObjectId.DATA_SIZE, i + 1),
          rig.behind(ObjectId.data(VDI, i), 0, ObjectId.DATA_SIZE));
    }
  }

  @Test
  void oneVdisHangingFlushHoldsUpNoOther_I20() throws Exception {
    VdiId other = new VdiId(0x1234);
    ObjectId otherData = ObjectId.data(other, 0);
    rig.stored(DATA, 1);
    rig.stored(otherData, 2);
    rig.write(DATA, 0, filled(BLOCK, 1));
    Thread flush;
    try (Faults.Hang push = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      flush = Thread.startVirtualThread(() -> sneaky(() -> rig.cache.flush(VDI)));
      push.awaitArrived(1);
      rig.write(otherData, 0, filled(BLOCK, 2));
      rig.cache.flush(other);
      assertEquals(2, rig.behind(otherData, 0, 1)[0]);
      rig.write(DATA, CHUNK, filled(BLOCK, 3));
      assertEquals(3, rig.read(DATA, CHUNK, 1)[0]);
    }
    flush.join();
  }

  @Test
  void dropPushesFirstAndFailsWithThePush() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(BLOCK, 30));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(IOException.class, () -> rig.cache.drop(VDI, false));
      assertEquals(30, rig.read(DATA, 0, 1)[0]);
    }
    assertEquals(0, rig.cache.drop(VDI, false));
    assertEquals(0, rig.cache.usage().used());
    assertEquals(30, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void forcedDropSaysHowMuchItDropped() throws IOException {
    rig.stored(DATA, 1);
    rig.write(DATA, 0, filled(3 * BLOCK, 30));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertEquals(3 * BLOCK, rig.cache.drop(VDI, true));
    }
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    assertEquals(0, rig.dirtyBytes());
  }

  @Test
  void lastBlockOfAnInodeIsShort() throws IOException {
    rig.stored(INODE, 3);
    int last = ObjectId.INODE_SIZE - 10;
    rig.write(INODE, last, filled(10, 40));
    assertEquals(40, rig.read(INODE, last, 10)[9]);
    rig.cache.flush(VDI);
    assertEquals(40, rig.behind(INODE, ObjectId.INODE_SIZE - 1, 1)[0]);
    assertEquals(pattern(3, (last - 1) / BLOCK), rig.behind(INODE, last - 1, 1)[0]);
  }

  @Test
  void rangeOutsideTheObjectIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> rig.write(DATA, ObjectId.DATA_SIZE - 1, new byte[2]));
    assertThrows(IllegalArgumentException.class, () -> rig.read(DATA, -1, 1));
  }

  @Test
  void vmStateGoesPastTheCache() throws IOException {
    ObjectId state = ObjectId.vmState(VDI, 0);
    rig.create(state, Base.ZEROS, 0, filled(100, 1), CacheMode.WRITEBACK);
    assertEquals(1, rig.store.record().count(StoreCall.CREATE));
    assertEquals(0, rig.cache.usage().used());
  }

  @Test
  void missingObjectIsReportedAsSuch() throws IOException {
    ByteBuffer into = ByteBuffer.allocate(BLOCK);
    assertEquals(Outcome.NO_OBJECT, rig.tryRead(DATA, 0, into, CacheMode.WRITEBACK));
    assertEquals(0, into.position());
    assertFalse(rig.cache.stat(DATA).isPresent());
  }

  @Test
  void listKnowsWhatWasNotPushedYet() throws IOException {
    ObjectId second = ObjectId.data(VDI, 1);
    rig.stored(DATA, 1);
    rig.create(second, Base.ZEROS, 0, new byte[1], CacheMode.WRITEBACK);
    rig.remove(DATA, CacheMode.WRITEBACK);
    List<ObjectId> listed = new ArrayList<>();
    rig.cache.list(VDI, listed::add);
    assertEquals(List.of(second), listed);
    assertTrue(rig.cache.stat(second).isPresent());
    assertFalse(rig.cache.stat(DATA).isPresent());
  }

  private List<StoreCall> kinds() {
    return rig.store.record().calls().stream().map(StoreRecord.Call::call).toList();
  }

  private interface Body {
    void run() throws IOException;
  }

  private final AtomicReference<IOException> failed = new AtomicReference<>();

  private void sneaky(Body body) {
    try {
      body.run();
    } catch (IOException e) {
      failed.set(e);
    }
  }

  @AfterEach
  void noTaskFailed() {
    assertEquals(null, failed.get());
  }

  @Test
  void absentBlockOfACopyIsLookedForAgainWhenItsParentIsGoneMeanwhile() throws Exception {
    ObjectId copy = ObjectId.data(VDI, 9);
    rig.stored(DATA, 1);
    rig.create(copy, new Base.CopyOf(DATA), 0, filled(BLOCK, 7), CacheMode.WRITEBACK);
    FutureTask<byte[]> reader = new FutureTask<>(() -> rig.read(copy, 3 * CHUNK, BLOCK));
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      Thread.ofVirtual().start(reader);
      hang.awaitArrived(1);
      rig.cache.flush(VDI);
      rig.remove(DATA, CacheMode.DIRECT);
    }
    assertArrayEquals(filled(BLOCK, pattern(1, 3 * 16)), reader.get());
  }

  @Test
  void edgeOfACopyIsLookedForAgainWhenItsParentIsGoneMeanwhile() throws Exception {
    ObjectId copy = ObjectId.data(VDI, 9);
    rig.stored(DATA, 1);
    rig.create(copy, new Base.CopyOf(DATA), 0, filled(BLOCK, 7), CacheMode.WRITEBACK);
    FutureTask<Outcome> writer =
        new FutureTask<>(() -> rig.write(copy, 3 * CHUNK + 5, filled(3, 8), CacheMode.WRITEBACK));
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      Thread.ofVirtual().start(writer);
      hang.awaitArrived(1);
      rig.cache.flush(VDI);
      rig.remove(DATA, CacheMode.DIRECT);
    }
    assertEquals(Outcome.DONE, writer.get());
    assertEquals(pattern(1, 3 * 16), rig.read(copy, 3 * CHUNK, 1)[0]);
    assertEquals(8, rig.read(copy, 3 * CHUNK + 5, 1)[0]);
  }

  @Test
  void writeThatComesAfterItsObjectWasRemovedIsToldSo_I1() throws IOException {
    for (CacheMode mode : CacheMode.values()) {
      rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 6), mode);
      rig.cache.flush(VDI);
      rig.remove(DATA, mode);
      rig.cache.flush(VDI);
      assertEquals(Outcome.NO_OBJECT, rig.write(DATA, 0, filled(BLOCK, 7), CacheMode.WRITEBACK));
      rig.cache.flush(VDI);
      rig.create(DATA, Base.ZEROS, 0, filled(BLOCK, 8), mode);
      rig.write(DATA, BLOCK, filled(BLOCK, 9));
      rig.cache.flush(VDI);
      assertEquals(9, rig.behind(DATA, BLOCK, 1)[0]);
    }
  }
}
