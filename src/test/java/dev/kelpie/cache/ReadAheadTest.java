package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.HastyLocks;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Sequential reads through the cache, and what is fetched ahead of them.
final class ReadAheadTest {
  private static final VdiId PARENT = new VdiId(0x99);
  private static final int READ = 2 * CHUNK;
  private static final int OBJECT = ObjectId.DATA_SIZE;

  private final CacheRig rig;
  private final FakeDiskMap disks;

  ReadAheadTest() throws IOException {
    rig = new CacheRig(32L << 20);
    disks = new FakeDiskMap(rig);
    for (int i = 0; i < 3; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
    }
    rig.cache.warm(disks);
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    Await.until("nothing is fetched ahead", () -> inFlight() == 0);
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void whatFollowsASequentialReaderIsHereWhenItComes() throws IOException {
    readFrom(0, 3);
    awaitHere(0, 3 * READ, 4 * READ);
    rig.store.record().clear();
    rig.read(ObjectId.data(VDI, 0), 3 * READ, READ);
    assertTrue(
        rig.store.record().calls(StoreCall.READ).stream().noneMatch(c -> c.offset() < 4 * READ));
  }

  @Test
  void readingOnPullsEveryBlockOnceAcrossObjects() throws IOException {
    for (int index = 0; index < 3; index++) {
      for (int at = 0; at < OBJECT; at += READ) {
        byte[] bytes = rig.read(ObjectId.data(VDI, index), at, READ);
        for (int b = 0; b < READ; b += BLOCK) {
          assertEquals(pattern(index, (at + b) / BLOCK), bytes[b]);
        }
      }
    }
    rig.cache.close(); // whatever is in flight has ended
    assertEquals(3L * OBJECT, rig.store.record().bytesRead());
    rig.start(rig.disk);
  }

  @Test
  void theNextObjectIsFetchedBeforeTheReaderIsThere() throws IOException {
    readHalf(ObjectId.data(VDI, 0));
    awaitHere(1, 0, READ);
  }

  @Test
  void theNextObjectIsWhoseverTheDiskSays() throws IOException {
    ObjectId next = ObjectId.data(PARENT, 1);
    rig.stored(next, 9);
    disks.parents.put(ObjectId.data(VDI, 1), next);
    readHalf(ObjectId.data(VDI, 0));
    Await.until("the parent's object is fetched", () -> isHere(next, 0, READ));
    assertEquals(Set.of(ObjectId.data(VDI, 0), next), pulledObjects());
  }

  @Test
  void holesAreNotPulled() throws IOException {
    ObjectId last = ObjectId.data(VDI, 2);
    readHalf(last);
    rig.cache.close();
    assertEquals(Set.of(last), pulledObjects());
    rig.start(rig.disk);
  }

  @Test
  void directReadsAreNotReadAheadOf() throws IOException {
    for (int at = 0; at < OBJECT / 2; at += READ) {
      rig.read(ObjectId.data(VDI, 0), at, READ, CacheMode.DIRECT);
    }
    rig.cache.close();
    assertEquals(OBJECT / 2, rig.store.record().bytesRead());
    rig.start(rig.disk);
  }

  @Test
  void wherePulledBlocksAreNotKeptThereIsNoReadAhead() throws IOException {
    rig.cache.close();
    rig.config = new CacheConfig(rig.config.directory(), 32L << 20, false, true, CacheRig.NEVER);
    rig.start(rig.disk);
    rig.cache.warm(disks);
    readFrom(0, 16);
    rig.cache.close();
    assertEquals(16L * READ, rig.store.record().bytesRead());
    rig.start(rig.disk);
  }

  @Test
  void aFailingBackendFailsNoReadThatItWouldNotHaveFailed() throws IOException {
    ObjectId next = ObjectId.data(VDI, 1);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, next::equals)) {
      readHalf(ObjectId.data(VDI, 0));
      Await.until("reading ahead failed", () -> pulledObjects().contains(next));
    }
    assertEquals(pattern(1, 0), rig.read(next, 0, READ)[0]);
  }

  @Test
  void aHangingReadAheadHoldsUpNobodyAndIsBounded() throws IOException {
    ObjectId next = ObjectId.data(VDI, 1);
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, next::equals)) {
      for (int at = OBJECT / 2; at < OBJECT; at += READ) {
        rig.read(ObjectId.data(VDI, 0), at, READ);
        Await.until("all else is fetched", () -> inFlight() <= hang.arrived());
      }
      hang.awaitArrived(1);
      assertEquals(pattern(2, 0), rig.read(ObjectId.data(VDI, 2), 0, BLOCK)[0]);
      assertTrue(hang.arrived() <= 8, hang.arrived() + " in flight");
    }
  }

  @Test
  void anEndWaitsForABackendThatHangsUnderAReadAheadAndSaysSoOnce() throws IOException {
    HastyLocks locks = new HastyLocks(rig.platform.platform().locks());
    rig.restart(locks);
    rig.cache.warm(disks);
    ObjectId next = ObjectId.data(VDI, 1);
    AtomicReference<Optional<IOException>> ended = new AtomicReference<>();
    Thread closing = Thread.ofVirtual().unstarted(() -> ended.set(failureOfClose()));
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, next::equals)) {
      for (int at = OBJECT / 2; hang.arrived() == 0; at += READ) {
        rig.read(ObjectId.data(VDI, 0), at, READ);
        Await.until("all else is fetched", () -> inFlight() <= hang.arrived());
      }
      closing.start();
      Await.until("it has waited in vain", () -> locks.over(Warmth.STOP_LIMIT) >= 5);
      assertTrue(closing.isAlive());
      assertEquals(
          List.of("object cache: reads that were made ahead of clients get no answer; it waits"),
          rig.log.messages(Level.WARN));
    }
    Await.until("the cache is closed", () -> !closing.isAlive());
    assertEquals(Optional.empty(), ended.get());
    rig.start(rig.disk);
  }

  private Optional<IOException> failureOfClose() {
    try {
      rig.cache.close();
      return Optional.empty();
    } catch (IOException failure) {
      return Optional.of(failure);
    }
  }

  @Test
  void withoutThreadsReadsGoOn() throws IOException {
    rig.platform
        .tasks()
        .refuse(
            name -> name.startsWith("cache-read-ahead"),
            () -> {
              throw new RejectedExecutionException("no threads");
            });
    readFrom(0, 16);
    assertEquals(16L * READ, rig.store.record().bytesRead());
  }

  private void readFrom(int index, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      rig.read(ObjectId.data(VDI, index), i * READ, READ);
    }
  }

  /// Reads the second half of an object, not faster than what is fetched ahead comes.
  private void readHalf(ObjectId id) throws IOException {
    for (int at = OBJECT / 2; at < OBJECT; at += READ) {
      rig.read(id, at, READ);
      Await.until("nothing is in flight", () -> inFlight() == 0);
    }
  }

  private int inFlight() {
    return rig.cache.state().vdi(VDI).aheadInFlight.get();
  }

  private Set<ObjectId> pulledObjects() {
    Set<ObjectId> pulled = new HashSet<>();
    rig.store.record().calls(StoreCall.READ).forEach(call -> pulled.add(call.object()));
    return pulled;
  }

  private void awaitHere(int index, int from, int until) {
    ObjectId id = ObjectId.data(VDI, index);
    Await.until("blocks of object " + index + " are fetched", () -> isHere(id, from, until));
  }

  private boolean isHere(ObjectId id, int from, int until) {
    CacheState state = rig.cache.state();
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      return state.validUntil(stripe, id, from, until) >= until;
    } finally {
      stripe.mutex.unlock();
    }
  }
}
