package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// A session timeout of one minute, so that 0.6 of it is 36 s.
final class LeaseTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final ManualClock clock = new ManualClock();
  private final Lease lease = new Lease(clock, TIMEOUT);

  @Test
  void thereIsNoneBeforeAWriteWasAnswered() {
    assertTrue(lease.remaining() <= 0);
    Lease.Write write = lease.begin();
    assertTrue(lease.remaining() <= 0);
    write.answered();
    assertEquals(seconds(36), lease.remaining());
  }

  @Test
  void itCountsFromWhenTheWriteWasSentAndNotFromTheAnswer() {
    Lease.Write write = lease.begin();
    pass(20);
    write.answered();
    assertEquals(seconds(16), lease.remaining());
    Lease.Write late = lease.begin();
    pass(50);
    late.answered();
    assertTrue(lease.remaining() <= 0, "an answer that comes too late shows nothing");
  }

  @Test
  void renewalsKeepIt() {
    for (int i = 0; i < 100; i++) {
      Lease.Write write = lease.begin();
      pass(1);
      write.answered();
      assertEquals(seconds(35), lease.remaining());
      pass(9);
    }
    pass(26);
    assertEquals(0, lease.remaining());
  }

  @Test
  void answersThatComeOutOfOrderDoNotShortenIt() {
    Lease.Write first = lease.begin();
    pass(10);
    Lease.Write second = lease.begin();
    second.answered();
    assertEquals(seconds(36), lease.remaining());
    first.answered();
    assertEquals(seconds(36), lease.remaining());
  }

  /// The server that answered may die before it tells the leader of whom it heard.
  @Test
  void theFirstWriteAfterALongStopCountsForLittle() {
    renewals(6);
    pass(45);
    Lease.Write write = lease.begin();
    write.answered();
    // Sent 55 s ago and surely reported: gone in 5 s. A tenth of T is for the clocks.
    assertTrue(lease.remaining() <= 0, () -> "" + lease.remaining());
    pass(10);
    Lease.Write next = lease.begin();
    next.answered();
    assertEquals(seconds(36), lease.remaining(), "the one before has been reported meanwhile");
  }

  @Test
  void writesInQuickSuccessionAreNoProofOfAReport() {
    renewals(6);
    pass(30);
    for (int i = 0; i < 1000; i++) {
      clock.advance(Duration.ofMillis(5));
      lease.begin().answered();
    }
    assertTrue(lease.remaining() <= seconds(54 - 10 - 35), () -> "" + lease.remaining());
    for (int i = 0; i < 1000; i++) {
      clock.advance(Duration.ofMillis(5));
      lease.begin().answered();
    }
    assertEquals(seconds(36), lease.remaining());
  }

  @Test
  void theEnsembleMayWantAnotherTimeout() {
    lease.timeout(Duration.ofSeconds(10));
    lease.begin().answered();
    assertEquals(seconds(6), lease.remaining());
  }

  @Test
  void anEndIsForGood() {
    lease.begin().answered();
    Lease.Write write = lease.begin();
    lease.end();
    assertEquals(0, lease.remaining());
    write.answered();
    assertEquals(0, lease.remaining());
  }

  private void renewals(int count) {
    for (int i = 0; i < count; i++) {
      lease.begin().answered();
      pass(10);
    }
  }

  private void pass(long seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }
}
