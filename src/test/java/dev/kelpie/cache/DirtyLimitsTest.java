package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.filled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How much may be dirty, and how writers are slowed.
@Timeout(120)
final class DirtyLimitsTest {
  private static final VdiId A = new VdiId(0xa);
  private static final VdiId B = new VdiId(0xb);
  private static final long MIB = 1 << 20;
  private static final Duration TEN = Duration.ofSeconds(10);

  private final ManualClock clock = new ManualClock();
  private final CacheRig rig;

  DirtyLimitsTest() throws IOException {
    rig = new CacheRig(512 * MIB, clock);
  }

  @AfterEach
  void end() {
    rig.platform.assertNoFailures();
    rig.stop();
  }

  private PushRate rate() {
    return new PushRate(rig.platform.platform().locks());
  }

  /// A VDI that nobody but the test knows.
  private VdiCache vdi(VdiId id) {
    return new VdiCache(
        id,
        rig.platform.platform().locks(),
        clock.nanos(),
        rig.cache.state().space.newShare(),
        new AtomicInteger());
  }

  /// Lets a flush of so many bytes take so long.
  private void flush(PushRate rate, long bytes, Duration time) {
    rate.begin(clock.nanos());
    rate.pushed(bytes);
    clock.advance(time);
    rate.end(clock.nanos());
  }

  @Test
  void theRateIsThatOfLate() {
    PushRate rate = rate();
    assertEquals(PushRate.FIRST, rate.perSecond(clock.nanos()), 1);
    for (int i = 0; i < 10; i++) {
      flush(rate, 100 * MIB, Duration.ofSeconds(1));
    }
    assertEquals(100 * MIB, rate.perSecond(clock.nanos()), MIB);
    clock.advance(Duration.ofHours(1));
    assertEquals(100 * MIB, rate.perSecond(clock.nanos()), MIB, "idle time says nothing");
    for (int i = 0; i < 10; i++) {
      flush(rate, 10 * MIB, Duration.ofSeconds(2));
    }
    double slow = rate.perSecond(clock.nanos());
    assertTrue(slow > 5 * MIB && slow < 15 * MIB, () -> "the last 20 seconds: " + slow);
  }

  /// Or the rate would be that of the backend's memory, and a barrier would wait for all of it.
  @Test
  void whatIsPushedInTheBackgroundIsMadeDurableBeforeItIsMuch() throws IOException {
    CacheRig busy = new CacheRig(512 * MIB);
    try {
      for (int i = 0; i < 60; i++) {
        ObjectId id = ObjectId.data(A, i);
        busy.create(id, Base.ZEROS, 0, filled(id.size(), 1), CacheMode.WRITEBACK);
      }
      Await.until("some is durable", () -> busy.store.record().count(StoreCall.FLUSH) > 0);
    } finally {
      busy.stop();
    }
  }

  @Test
  void smallFlushesSayNothingOfThroughput() {
    PushRate rate = rate();
    flush(rate, 100 * MIB, Duration.ofSeconds(1));
    double before = rate.perSecond(clock.nanos());
    for (int i = 0; i < 1000; i++) {
      flush(rate, 4096, Duration.ofMillis(10));
    }
    assertEquals(before, rate.perSecond(clock.nanos()));
  }

  @Test
  void theRateFallsWhileTheBackendHangsAndComesBack() {
    PushRate rate = rate();
    flush(rate, 500 * MIB, Duration.ofSeconds(5));
    rate.begin(clock.nanos());
    double last = rate.perSecond(clock.nanos());
    for (int i = 0; i < 60; i++) {
      clock.advance(Duration.ofSeconds(1));
      double now = rate.perSecond(clock.nanos());
      assertTrue(now < last);
      last = now;
    }
    assertTrue(last < MIB, "after a minute nothing is expected any more");
    rate.end(clock.nanos());
    for (int i = 0; i < 100; i++) {
      flush(rate, 10 * MIB, Duration.ofMillis(100));
    }
    assertTrue(rate.perSecond(clock.nanos()) > 50 * MIB);
  }

  @Test
  void objectsThatDifferAreLimitedWhateverIsDirtyOfThem_I14() {
    CacheState state = rig.cache.state();
    DirtyLimits limits = new DirtyLimits(state, clock, TEN, 30);
    int ofA = differ(limits, state.vdi(A));
    int ofB = differ(limits, state.vdi(B));
    assertEquals(20, ofA);
    assertEquals(7, ofB);
    assertEquals(27, state.differing());
    assertTrue(limits.crowded());
    assertTrue(limits.slows(state.vdi(A)));
    state.vdi(B).same(ObjectId.data(B, 0));
    assertTrue(limits.admit(state.vdi(B)));
    state.vdi(A).forgetDiffering();
    assertEquals(6, state.differing());
    assertFalse(limits.slows(state.vdi(A)));
  }

  /// @return how many are let
  private int differ(DirtyLimits limits, VdiCache vdi) {
    int count = 0;
    while (limits.admit(vdi)) {
      vdi.differs(ObjectId.data(vdi.id, count), clock.nanos());
      count++;
    }
    return count;
  }

  @Test
  void thePaceLeadsToTheRateOfThePushesWithoutMeetingTheLimit_I14() {
    CacheState state = rig.cache.state();
    DirtyLimits limits = new DirtyLimits(state, clock, TEN, DirtyLimits.objectsMax());
    VdiCache vdi = vdi(A);
    vdi.pushRate = 10 * MIB;
    double owed = 0;
    long written = 0;
    double fullest = 0;
    Duration longest = Duration.ZERO;
    long start = clock.nanos();
    while (clock.nanos() - start < Duration.ofSeconds(100).toNanos()) {
      long before = clock.nanos();
      Duration delay = limits.delay(vdi, CHUNK);
      clock.advance(delay.plus(Duration.ofMillis(1)));
      assertTrue(limits.admit(vdi, true, 16), "no writer meets the limit");
      vdi.dirtyBlocks.addAndGet(16);
      written += CHUNK;
      owed += 10.0 * MIB * (clock.nanos() - before) / 1e9;
      while (owed >= CHUNK && vdi.dirtyBlocks.get() > 0) {
        owed -= CHUNK;
        vdi.dirtyBlocks.addAndGet(-16);
        limits.retract(vdi);
      }
      fullest = Math.max(fullest, limits.fill(vdi));
      longest = delay.compareTo(longest) > 0 ? delay : longest;
    }
    double seconds = (clock.nanos() - start) / 1e9;
    assertTrue(fullest > 0.6 && fullest < 0.85, "fill settles at three quarters: " + fullest);
    assertTrue(longest.toMillis() < 100, "no wait is long: " + longest);
    assertEquals(10 * MIB, (written - 75.0 * MIB) / seconds, MIB, "as fast as is pushed");
    assertTrue(vdi.dirtyBlocks.get() * BLOCK <= 100 * MIB, "no more than ten seconds' worth");
  }

  @Test
  void whoWaitsForHisTurnGoesOnWhenRoomWasMade() throws Exception {
    Throttle throttle = new Throttle(rig.platform.platform().locks());
    DirtyLimits limits = new DirtyLimits(rig.cache.state(), clock, TEN, DirtyLimits.objectsMax());
    VdiCache vdi = vdi(A);
    vdi.pushRate = MIB;
    vdi.dirtyBlocks.set(9 * MIB / BLOCK);
    FutureTask<Boolean> writer =
        new FutureTask<>(() -> {
          limits.awaitTurn(vdi, CHUNK, throttle);
          return true;
        });
    Thread.startVirtualThread(writer);
    Await.until("it waits", () -> vdi.nextWrite.get() > clock.nanos());
    throttle.made();
    assertFalse(writer.isDone(), "no room was made for this VDI");
    vdi.dirtyBlocks.set(0);
    throttle.made();
    assertTrue(writer.get(), "though its time has not come: the clock stands still");
  }

  @Test
  void manyWritersKeepThePaceTogether() {
    CacheState state = rig.cache.state();
    DirtyLimits limits = new DirtyLimits(state, clock, TEN, DirtyLimits.objectsMax());
    VdiCache vdi = vdi(A);
    vdi.pushRate = MIB;
    vdi.dirtyBlocks.set(8 * MIB / BLOCK);
    Duration one = limits.delay(vdi, BLOCK);
    Duration last = one;
    for (int i = 1; i < 32; i++) {
      Duration next = limits.delay(vdi, BLOCK);
      assertTrue(next.compareTo(last) > 0, "each waits for those before it");
      last = next;
    }
    assertEquals(32.0 * one.toNanos(), (double) last.toNanos(), (double) one.toNanos());
    for (int i = 0; i < 1000; i++) {
      last = limits.delay(vdi, CHUNK);
    }
    assertEquals(Duration.ofSeconds(1), last, "and nobody longer than a second");
    assertEquals(Duration.ZERO, limits.delay(vdi(B), CHUNK), "nor another VDI at all (I20)");
  }

  @Test
  void writersAreFreeUpToHalfOfTheLimitAndSlowerFromThereOn() {
    CacheState state = rig.cache.state();
    DirtyLimits limits = new DirtyLimits(state, clock, TEN, DirtyLimits.objectsMax());
    VdiCache vdi = vdi(A);
    vdi.pushRate = 10 * MIB;
    Duration last = Duration.ZERO;
    for (int mib = 10; mib < 100; mib += 5) {
      vdi.dirtyBlocks.set(mib * MIB / BLOCK);
      clock.advance(Duration.ofSeconds(10));
      Duration delay = limits.delay(vdi, CHUNK);
      if (mib <= 50) {
        assertEquals(Duration.ZERO, delay);
        assertFalse(limits.slows(vdi));
      } else {
        assertTrue(delay.compareTo(last) > 0, mib + " MiB: " + delay);
        assertTrue(limits.slows(vdi));
      }
      last = delay;
    }
    vdi.dirtyBlocks.set(100 * MIB / BLOCK);
    assertFalse(limits.admit(vdi, false, 1), "ten seconds' worth, and not a block more");
    assertTrue(limits.admit(vdi, false, 0), "what is dirty may be written again");
    vdi.dirtyBlocks.set(100 * MIB / BLOCK - 1);
    assertTrue(limits.admit(vdi, false, 1));
    vdi.pushRate = 0;
    vdi.dirtyBlocks.set(0);
    assertTrue(limits.admit(vdi, false, 1), "a little is always admitted, or nothing is measured");
    vdi.dirtyBlocks.set(0);
  }

  @Test
  void hogsLeaveSomethingToOthers_I20() {
    CacheState state = rig.cache.state();
    DirtyLimits limits =
        new DirtyLimits(state, clock, Duration.ofDays(1), DirtyLimits.objectsMax());
    int all = state.space.capacity() * 3 / 4;
    VdiCache one = vdi(A);
    VdiCache two = vdi(B);
    VdiCache three = vdi(new VdiId(0xc));
    int first = admitAll(limits, one);
    assertEquals(all * 2.0 / 3, first, 2);
    int second = admitAll(limits, two);
    assertTrue(second > all / 6, "the second finds room: " + second);
    assertEquals(first + second, state.dirtyChunks());
    int third = admitAll(limits, three);
    assertTrue(third > 0, "so does the third");
    assertTrue(state.dirtyChunks() < all);
    takeBack(limits, one, first);
    takeBack(limits, two, second);
    takeBack(limits, three, third);
    assertEquals(0, state.dirtyChunks());
  }

  private static int admitAll(DirtyLimits limits, VdiCache vdi) {
    int admitted = 0;
    while (limits.admit(vdi, true, 1)) {
      admitted++;
    }
    return admitted;
  }

  private static void takeBack(DirtyLimits limits, VdiCache vdi, int count) {
    for (int i = 0; i < count; i++) {
      limits.retract(vdi);
    }
  }

  @Test
  void aHangingBackendStopsItsOwnWritersOnly_I14_I20() throws Exception {
    CacheRig small = new CacheRig();
    FutureTask<Boolean> hog = new FutureTask<>(() -> hog(small));
    try (Faults.Hang push = small.store.faults().hang(StoreCall.CREATE, id -> id.vdi().equals(A))) {
      Thread.startVirtualThread(hog);
      push.awaitArrived(1);
      CacheState state = small.cache.state();
      DirtyLimits limits =
          new DirtyLimits(state, small.platform.platform().clock(), TEN, DirtyLimits.objectsMax());
      Await.until("the hog is at its limit", () -> limits.fill(state.vdi(A)) >= 1);
      int most = state.space.capacity() * 3 / 4 * 2 / 3 + 1;
      assertTrue(state.vdi(A).dirtyChunks.get() <= most);
      for (int i = 0; i < 8; i++) {
        ObjectId id = ObjectId.data(B, i);
        small.create(id, Base.ZEROS, 0, filled(ObjectId.DATA_SIZE / 4, i + 1), CacheMode.WRITEBACK);
      }
      small.cache.flush(B);
      assertEquals(8, small.behind(ObjectId.data(B, 7), 0, 1)[0]);
      assertFalse(hog.isDone(), "and waits");
    }
    assertTrue(hog.get(), "nothing was refused");
    small.cache.flush(A);
    assertEquals(1, small.behind(ObjectId.data(A, 3), 0, 1)[0]);
    small.platform.assertNoFailures();
    CacheCheck.check(small.cache);
    small.stop();
  }

  private static boolean hog(CacheRig on) throws IOException {
    for (int i = 0; i < 4; i++) {
      ObjectId id = ObjectId.data(A, i);
      on.create(id, Base.ZEROS, 0, filled(CHUNK, 1), CacheMode.WRITEBACK);
      for (int at = CHUNK; at < ObjectId.DATA_SIZE; at += CHUNK) {
        on.write(id, at, filled(CHUNK, 1));
      }
    }
    return true;
  }

  @Test
  void dirtyChunksStayWithinTheLimitWhoeverWrites_I14() throws Exception {
    CacheRig small = new CacheRig();
    int most = (int) (CacheConfig.SIZE_MIN / CHUNK) * 3 / 4;
    List<FutureTask<Boolean>> writers = new ArrayList<>();
    for (int w = 0; w < 6; w++) {
      VdiId vdi = new VdiId(0x10 + w);
      FutureTask<Boolean> writer =
          new FutureTask<>(() -> {
            for (int i = 0; i < 3; i++) {
              small.create(
                  ObjectId.data(vdi, i),
                  Base.ZEROS,
                  0,
                  filled(ObjectId.DATA_SIZE, i + 1),
                  CacheMode.WRITEBACK);
              assertTrue(small.cache.state().dirtyChunks() <= most);
            }
            return true;
          });
      writers.add(writer);
      Thread.startVirtualThread(writer);
    }
    for (FutureTask<Boolean> writer : writers) {
      while (!writer.isDone()) {
        assertTrue(small.cache.state().dirtyChunks() <= most);
        assertTrue(small.cache.usage().used() <= CacheConfig.SIZE_MIN);
      }
      assertTrue(writer.get(), "nobody was refused");
    }
    small.platform.assertNoFailures();
    small.stop();
  }
}
