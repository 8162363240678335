package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A scarce thing, and tasks that want more of it than there is.
@Timeout(60)
final class FairQueueTest {
  private final ManualClock clock = new ManualClock();
  private final FairQueue queue = new FairQueue(TestPlatform.real(new MemoryDisk()).locks(), clock);

  /// Noted under the queue's lock, so that the order is the one in which they were served.
  private final List<String> served = new CopyOnWriteArrayList<>();

  private int left;

  @Test
  void whoAsksFirstIsServedFirst() {
    for (int i = 0; i < 5; i++) {
      waiting("asker " + i, 1);
    }
    give(5);
    Await.until("all are served", () -> queue.waiting() == 0);
    assertEquals(List.of("asker 0", "asker 1", "asker 2", "asker 3", "asker 4"), served);
  }

  @Test
  void aLargeShareIsNotPassedBySmallOnes() {
    waiting("large", 3);
    waiting("small", 1);
    give(2);
    assertEquals(Optional.empty(), queue.tryTake(() -> attempt("impatient", 1)));
    assertEquals(List.of(), served);
    give(1);
    Await.until("the large one is served", () -> queue.waiting() == 1);
    assertEquals(List.of("large"), served);
    give(1);
    Await.until("both are served", () -> queue.waiting() == 0);
    assertEquals(List.of("large", "small"), served);
    assertEquals(0, left);
  }

  @Test
  void whereNobodyWaitsThereIsNoWait() {
    give(1);
    assertEquals(Optional.of("one"), queue.tryTake(() -> attempt("one", 1)));
    assertEquals(Optional.empty(), queue.tryTake(() -> attempt("other", 1)));
  }

  @Test
  void whoIsGoneDoesNotWaitOnAndHoldsNobodyUp() throws Exception {
    AtomicBoolean gone = new AtomicBoolean();
    FutureTask<Optional<String>> leaver =
        new FutureTask<>(() -> queue.take(() -> attempt("leaver", 9), gone::get));
    Thread.ofVirtual().start(leaver);
    Await.until("it waits", () -> queue.waiting() == 1);
    waiting("stayer", 1);
    give(1);
    assertEquals(List.of(), served);
    gone.set(true);
    assertEquals(Optional.empty(), leaver.get());
    Await.until("the other is served", () -> queue.waiting() == 0);
    assertEquals(List.of("stayer"), served);
  }

  @Test
  void aShortageIsToldByItsAge() {
    assertFalse(queue.shortFor(Duration.ZERO));
    waiting("asker", 1);
    clock.advance(Duration.ofSeconds(5));
    assertFalse(queue.shortFor(Duration.ofSeconds(5)));
    clock.advance(Duration.ofSeconds(1));
    assertTrue(queue.shortFor(Duration.ofSeconds(5)));
    give(1);
    Await.until("it is served", () -> queue.waiting() == 0);
    assertFalse(queue.shortFor(Duration.ZERO));
  }

  private void give(int amount) {
    queue.giveBack(() -> left += amount);
  }

  private Optional<String> attempt(String name, int amount) {
    if (left < amount) {
      return Optional.empty();
    }
    left -= amount;
    served.add(name);
    return Optional.of(name);
  }

  private void waiting(String name, int amount) {
    int before = queue.waiting();
    Thread.ofVirtual()
        .start(() -> assertTrue(queue.take(() -> attempt(name, amount), () -> false).isPresent()));
    Await.until(name + " waits", () -> queue.waiting() == before + 1);
  }
}
