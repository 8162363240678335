package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How much one client may have going, and when a draining session is done.
@Timeout(60)
final class InFlightTest {
  private int ends;
  private final InFlight inFlight =
      new InFlight(TestPlatform.real(new MemoryDisk()).locks(), 1000, () -> ends++);

  @Test
  void requestsAreBoundedByNumber() {
    for (int i = 0; i < InFlight.REQUESTS_MAX; i++) {
      assertTrue(inFlight.tryEnter(0));
    }
    assertFalse(inFlight.tryEnter(0));
    inFlight.leave(0);
    assertTrue(inFlight.tryEnter(0));
  }

  @Test
  void requestsAreBoundedByBytesButOneMayBeLargerAlone() {
    assertTrue(inFlight.tryEnter(5000));
    assertFalse(inFlight.tryEnter(0));
    inFlight.leave(5000);
    assertTrue(inFlight.tryEnter(600));
    assertFalse(inFlight.tryEnter(401));
    assertTrue(inFlight.tryEnter(400));
  }

  @Test
  void whoEntersWaitsForRoom() throws Exception {
    assertTrue(inFlight.tryEnter(1000));
    FutureTask<Boolean> second =
        new FutureTask<>(() -> {
          inFlight.enter(1000);
          return true;
        });
    Thread.ofVirtual().start(second);
    inFlight.leave(1000);
    assertTrue(second.get());
    assertFalse(inFlight.tryEnter(1));
    inFlight.leave(1000);
    inFlight.awaitNone();
  }

  @Test
  void aDrainingSessionEndsOnceWhenItOnlyWaits() {
    assertTrue(inFlight.tryEnter(1));
    inFlight.drain();
    inFlight.waiting(true);
    assertEquals(0, ends);
    inFlight.waiting(false);
    inFlight.leave(1);
    assertEquals(0, ends, "it is at work");
    assertFalse(inFlight.ended());
    inFlight.waiting(true);
    assertEquals(1, ends);
    assertTrue(inFlight.ended() && inFlight.draining());
    inFlight.waiting(false);
    inFlight.waiting(true);
    assertEquals(1, ends);
  }

  @Test
  void anIdleSessionEndsWhenItIsDrained() {
    inFlight.waiting(true);
    assertEquals(0, ends);
    inFlight.drain();
    assertEquals(1, ends);
  }
}
