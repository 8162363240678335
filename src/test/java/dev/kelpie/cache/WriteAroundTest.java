package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Writes past the cache while much is dirty.
final class WriteAroundTest {
  private static final ObjectId DATA = ObjectId.data(VDI, 1);

  /// Objects that are here only, as many as the smallest cache takes before its writers are slow.
  private static final int CROWD = 60;

  private static final int CROWD_FIRST = 100;

  private final ManualClock clock = new ManualClock();
  private final CacheRig rig = new CacheRig(CacheConfig.SIZE_MIN, clock);
  private final Faults.Hang pushes =
      rig.store.faults().hang(StoreCall.CREATE, id -> id.index() >= CROWD_FIRST);

  WriteAroundTest() throws IOException {}

  @BeforeEach
  void crowd() throws IOException {
    rig.stored(DATA, 2);
    for (int i = 0; i < CROWD; i++) {
      ObjectId id = ObjectId.data(VDI, CROWD_FIRST + i);
      rig.create(id, Base.ZEROS, 0, filled(BLOCK, i), CacheMode.WRITEBACK);
    }
    // And two chunks with one write, which are too many.
    rig.write(ObjectId.data(VDI, CROWD_FIRST), 2 * CHUNK - BLOCK, filled(2 * BLOCK, 1));
    assertEquals((CROWD + 2L) * BLOCK, rig.dirtyBytes());
  }

  @AfterEach
  void end() throws IOException {
    pushes.close();
    rig.cache.flush(VDI);
    CacheCheck.check(rig.cache);
    rig.platform.assertNoFailures();
    rig.stop();
  }

  private interface Request {
    void run() throws IOException;
  }

  private static FutureTask<Boolean> start(Request request) {
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          request.run();
          return true;
        });
    Thread.startVirtualThread(task);
    return task;
  }

  private FutureTask<Boolean> startWrite(int offset, byte[] bytes) {
    return start(() -> rig.write(DATA, offset, bytes));
  }

  /// Changes something in the cache, which takes its time.
  private void changeHere(Request change) throws Exception {
    long dirty = rig.dirtyBytes();
    FutureTask<Boolean> task = start(change);
    Await.until(
        "it is written",
        () -> {
          clock.advance(Duration.ofNanos(1000));
          return task.isDone();
        });
    task.get();
    assertTrue(rig.dirtyBytes() > dirty, "it is here, and dirty");
  }

  private void writeHere(int offset, byte[] bytes) throws Exception {
    changeHere(() -> rig.write(DATA, offset, bytes));
  }

  private byte durable(int offset) {
    return rig.store.durableBytes(DATA).orElseThrow()[offset];
  }

  @Test
  void whatIsNotHereGoesPastTheCacheAndIsDurableWithTheFlush_I1() throws IOException {
    rig.write(DATA, BLOCK + 100, filled(BLOCK, 9));
    assertEquals((CROWD + 2L) * BLOCK, rig.dirtyBytes());
    assertEquals(pattern(2, 1), rig.behind(DATA, BLOCK + 99, 1)[0]);
    assertEquals(9, rig.behind(DATA, BLOCK + 100, 1)[0]);
    assertEquals(9, rig.read(DATA, 2 * BLOCK, 1)[0]);
    assertEquals(pattern(2, 2), durable(2 * BLOCK));
    pushes.close();
    rig.cache.flush(VDI);
    assertEquals(9, durable(2 * BLOCK));
  }

  @Test
  void objectThatIsPartlyHereIsWrittenPastToo_I7() throws IOException {
    rig.read(DATA, 0, BLOCK);
    rig.write(DATA, 5 * BLOCK, filled(BLOCK, 9));
    assertEquals(9, rig.behind(DATA, 5 * BLOCK, 1)[0]);
    assertEquals(9, rig.read(DATA, 5 * BLOCK, 1)[0]);
  }

  @Test
  void whatIsCleanHereIsDropped_I7() throws IOException {
    rig.read(DATA, 0, 3 * BLOCK);
    rig.write(DATA, BLOCK, filled(BLOCK, 9));
    assertEquals(9, rig.behind(DATA, BLOCK, 1)[0]);
    assertEquals(9, rig.read(DATA, BLOCK, 1)[0]);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, DATA::equals)) {
      assertEquals(pattern(2, 0), rig.read(DATA, 0, 1)[0], "the block before it stays");
      assertEquals(pattern(2, 2), rig.read(DATA, 2 * BLOCK, 1)[0], "so does the one behind");
    }
  }

  @Test
  void whatIsDirtyHereIsWrittenHere_I7() throws Exception {
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      writeHere(0, filled(BLOCK, 98));
    }
    clock.advance(WriteAround.SILENCE);
    writeHere(100, filled(BLOCK, 99));
    assertEquals(pattern(2, 1), rig.behind(DATA, BLOCK, 1)[0]);
    assertEquals(98, rig.read(DATA, 99, 1)[0]);
    assertEquals(99, rig.read(DATA, BLOCK, 1)[0]);
    pushes.close();
    rig.cache.flush(VDI);
    assertEquals(98, rig.behind(DATA, 99, 1)[0]);
    assertEquals(99, rig.behind(DATA, BLOCK, 1)[0]);
  }

  @Test
  void objectThatTheStoreIsStillToMakeIsWrittenHere_I5() throws Exception {
    ObjectId copy = ObjectId.data(VDI, CROWD_FIRST + CROWD);
    Base base = new Base.CopyOf(DATA);
    changeHere(() -> rig.create(copy, base, 0, filled(BLOCK, 8), CacheMode.WRITEBACK));
    assertFalse(rig.store.bytes(copy).isPresent());
    assertEquals(8, rig.read(copy, 0, 1)[0]);
    assertEquals(pattern(2, 1), rig.read(copy, BLOCK, 1)[0]);
  }

  @Test
  void pullIsNotKeptThatTheWriteOvertook_I7() throws Exception {
    FutureTask<Byte> reader = new FutureTask<>(() -> rig.read(DATA, 0, 4 * BLOCK)[BLOCK]);
    try (Faults.Hang pull = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      Thread.startVirtualThread(reader);
      pull.awaitArrived(1);
      rig.write(DATA, BLOCK, filled(BLOCK, 9));
    }
    reader.get();
    assertEquals(9, rig.read(DATA, BLOCK, 1)[0]);
  }

  @Test
  void pullIsNotKeptThatEndsWhileTheWriteIsUnderWay_I7() throws Exception {
    FutureTask<Boolean> writer;
    try (Faults.Hang write = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      writer = startWrite(BLOCK, filled(BLOCK, 9));
      write.awaitArrived(1);
      assertEquals(pattern(2, 1), rig.read(DATA, 0, 4 * BLOCK)[BLOCK], "not yet written");
    }
    assertTrue(writer.get());
    assertEquals(9, rig.read(DATA, BLOCK, 1)[0]);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, DATA::equals)) {
      assertEquals(pattern(2, 0), rig.read(DATA, 0, 1)[0], "the blocks beside it were kept");
    }
  }

  @Test
  void laterWriteThatStaysHereWins_I7() throws Exception {
    FutureTask<Boolean> first;
    try (Faults.Hang write = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      first = startWrite(0, filled(BLOCK, 9));
      write.awaitArrived(1);
      clock.advance(WriteAround.SILENCE);
      writeHere(0, filled(BLOCK, 10)); // the backend is silent
    }
    assertTrue(first.get());
    assertEquals(10, rig.read(DATA, 0, 1)[0]);
    pushes.close();
    rig.cache.flush(VDI);
    assertEquals(10, rig.behind(DATA, 0, 1)[0]);
  }

  @Test
  void backendThatRefusesIsNotAskedAgainAtOnce_I2() throws Exception {
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      writeHere(0, filled(BLOCK, 9));
    }
    writeHere(CHUNK, filled(BLOCK, 10));
    clock.advance(WriteAround.SILENCE);
    rig.write(DATA, 2 * CHUNK, filled(BLOCK, 11));
    assertEquals(11, rig.behind(DATA, 2 * CHUNK, 1)[0]);
    pushes.close();
    rig.cache.flush(VDI);
    assertEquals(9, rig.behind(DATA, 0, 1)[0]);
    assertEquals(10, rig.behind(DATA, CHUNK, 1)[0]);
  }

  /// Writes of dirty blocks ask nobody, so that they are no sign that the backend answers.
  @Test
  void silenceOfTheBackendIsNoticedWhateverIsWrittenHere_I20() throws Exception {
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      writeHere(0, filled(BLOCK, 1));
    }
    clock.advance(WriteAround.SILENCE);
    FutureTask<Boolean> hanging;
    try (Faults.Hang write = rig.store.faults().hang(StoreCall.WRITE, DATA::equals)) {
      hanging = startWrite(CHUNK, filled(BLOCK, 9));
      write.awaitArrived(1);
      clock.advance(WriteAround.SILENCE);
      ObjectId other = ObjectId.data(VDI, CROWD_FIRST);
      FutureTask<Boolean> here = start(() -> rig.write(other, 0, filled(BLOCK, 2)));
      Await.until(
          "what is dirty is written",
          () -> {
            clock.advance(Duration.ofNanos(1000));
            return here.isDone();
          });
      writeHere(2 * CHUNK, filled(BLOCK, 3));
    }
    assertTrue(hanging.get());
  }

  @Test
  void blockThatIsHereAndWrittenInPartIsWrittenHere_I16() throws Exception {
    rig.read(DATA, 0, BLOCK);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, DATA::equals);
        Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      writeHere(100, filled(50, 7));
      assertEquals(7, rig.read(DATA, 100, 1)[0]);
      assertEquals(pattern(2, 0), rig.read(DATA, 99, 1)[0]);
    }
  }

  @Test
  void whatIsDirtyCanWaitWhileWritersGoPastTheCache() throws IOException {
    ObjectCache cache = rig.cache;
    VdiCache vdi = cache.state().vdi(VDI);
    DirtyLimits limits =
        new DirtyLimits(cache.state(), clock, Duration.ofSeconds(10), DirtyLimits.objectsMax());
    assertTrue(limits.crowded(vdi));
    assertFalse(limits.canWait(vdi));
    rig.write(DATA, 0, filled(BLOCK, 9));
    assertTrue(limits.canWait(vdi));
    clock.advance(WriteAround.SILENCE);
    assertFalse(limits.canWait(vdi));
  }
}
