package dev.kelpie.platform.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Locks.Gate;
import dev.kelpie.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The JDK's locks behave as [Locks] says, the gate's own algorithm above all.
@Timeout(60)
final class JvmLocksTest {
  private final Locks locks = new JvmLocks();

  @Test
  void aGateIsSharedOrHadAlone() throws InterruptedException {
    Gate gate = locks.gate();
    AtomicInteger shared = new AtomicInteger();
    AtomicInteger alone = new AtomicInteger();
    AtomicInteger violations = new AtomicInteger();
    int[] guarded = new int[2];
    List<Thread> threads = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      boolean writes = thread % 4 == 0;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int round = 0; round < 20_000; round++) {
                  if (writes && round % 20 == 0) {
                    gate.enterAlone();
                    if (alone.incrementAndGet() != 1 || shared.get() != 0) {
                      violations.incrementAndGet();
                    }
                    guarded[0]++;
                    guarded[1]++;
                    alone.decrementAndGet();
                    gate.leaveAlone();
                  } else if (round % 3 != 0) {
                    gate.enterShared();
                    look(gate, shared, alone, guarded, violations);
                  } else if (gate.tryEnterShared()) {
                    look(gate, shared, alone, guarded, violations);
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(0, violations.get());
    assertEquals(2 * 1000, guarded[0]);
  }

  private static void look(
      Gate gate, AtomicInteger shared, AtomicInteger alone, int[] guarded, AtomicInteger bad) {
    shared.incrementAndGet();
    if (alone.get() != 0 || guarded[0] != guarded[1]) {
      bad.incrementAndGet();
    }
    shared.decrementAndGet();
    gate.leaveShared();
  }

  @Test
  void aGateMayBeLeftByAnotherThread() throws InterruptedException {
    Gate gate = locks.gate();
    for (int i = 0; i < 100; i++) {
      gate.enterShared();
    }
    for (int i = 0; i < 100; i++) {
      Thread.ofPlatform().start(gate::leaveShared).join();
    }
    gate.enterAlone();
    assertFalse(gate.tryEnterShared());
    gate.leaveAlone();
    assertTrue(gate.tryEnterShared());
  }

  @Test
  void whoWantsToBeAloneIsNotOvertaken() {
    Gate gate = locks.gate();
    gate.enterShared();
    AtomicBoolean alone = new AtomicBoolean();
    Thread.ofVirtual()
        .start(() -> {
          gate.enterAlone();
          alone.set(true);
          gate.leaveAlone();
        });
    Await.until(
        "the gate is closed",
        () -> {
          boolean open = gate.tryEnterShared();
          if (open) {
            gate.leaveShared();
          }
          return !open;
        });
    assertFalse(alone.get());
    gate.leaveShared();
    Await.until("it was alone", alone::get);
  }

  @Test
  void aWaitEndsWhenWokenOrAtItsLimit() throws InterruptedException {
    Locks.Mutex mutex = locks.mutex();
    Locks.Signal signal = mutex.signal();
    AtomicBoolean ready = new AtomicBoolean();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              mutex.lock();
              try {
                while (!ready.get()) {
                  signal.await();
                }
              } finally {
                mutex.unlock();
              }
            });
    waiter.interrupt();
    mutex.lock();
    try {
      assertFalse(signal.await(Duration.ofMillis(1)));
      ready.set(true);
      signal.wakeAll();
    } finally {
      mutex.unlock();
    }
    waiter.join();
  }

  @Test
  void aCancelledWaitWithALimitLastsToItAndStaysCancelled() {
    Locks.Mutex mutex = locks.mutex();
    Locks.Signal signal = mutex.signal();
    mutex.lock();
    try {
      Thread.currentThread().interrupt();
      assertFalse(signal.await(Duration.ofMillis(5)));
      assertTrue(Thread.interrupted());
    } finally {
      mutex.unlock();
    }
  }

  @Test
  void aMutexIsHadByOneTaskThatMayTakeItAgain() throws InterruptedException {
    Locks.Mutex mutex = locks.mutex();
    mutex.lock();
    assertTrue(mutex.tryLock());
    mutex.unlock();
    AtomicBoolean taken = new AtomicBoolean();
    Thread.ofVirtual().start(() -> taken.set(mutex.tryLock())).join();
    assertFalse(taken.get());
    mutex.unlock();
  }
}
