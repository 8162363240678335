package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LineTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final ManualClock clock = new ManualClock();
  private final FakeConnection connection = new FakeConnection();
  private final Line line = new Line(connection, clock);

  @Test
  void aClientThatTakesNoBytesIsDeafUntilItTakesThem() throws Exception {
    connection.hold();
    FutureTask<Boolean> write =
        new FutureTask<>(() -> {
          line.write(ByteBuffer.allocate(1));
          return true;
        });
    Thread.ofVirtual().start(write);
    Await.until("the write waits", connection::writing);
    assertFalse(line.deafFor(LIMIT));
    clock.advance(LIMIT.plusSeconds(1));
    assertTrue(line.deafFor(LIMIT));
    assertFalse(line.silentFor(LIMIT));
    connection.go();
    assertTrue(write.get());
    assertFalse(line.deafFor(LIMIT));
  }

  @Test
  void theGoodbyeIsTimed() {
    clock.advance(LIMIT.plusSeconds(1));
    assertFalse(line.hungUpFor(LIMIT));
    line.hangUp();
    assertTrue(connection.outputEnded());
    assertFalse(line.hungUpFor(LIMIT));
    clock.advance(LIMIT.plusSeconds(1));
    assertTrue(line.hungUpFor(LIMIT));
    assertFalse(line.closed());
  }
}
