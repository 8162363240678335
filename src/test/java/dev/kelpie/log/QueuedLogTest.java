package dev.kelpie.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class QueuedLogTest {
  private final MemorySink sink = new MemorySink();

  @Test
  void closeWritesWhatWaits() throws IOException {
    QueuedLog log = new QueuedLog(sink, Level.INFO);
    for (int i = 0; i < 1000; i++) {
      log.info("message " + i);
    }
    log.close();
    assertEquals(1000, sink.texts().size());
    assertEquals("message 999", sink.texts().getLast());
    assertTrue(sink.closed);
  }

  @Test
  void anErrorIsWrittenBeforeTheCallReturns() throws IOException {
    try (QueuedLog log = new QueuedLog(sink, Level.INFO)) {
      log.info("one");
      log.error("two");
      assertEquals(List.of("one", "two"), sink.texts());
    }
  }

  @Test
  void aMessageNamesThePlaceItCameFrom() throws IOException {
    try (QueuedLog log = new QueuedLog(sink, Level.INFO)) {
      log.error("direct");
      Runnable inLambda = () -> log.error("from a lambda");
      inLambda.run();
      new Writer(log);
    }
    assertEquals("aMessageNamesThePlaceItCameFrom", sink.messages.get(0).function());
    assertEquals("aMessageNamesThePlaceItCameFrom", sink.messages.get(1).function());
    assertEquals("QueuedLogTest$Writer", sink.messages.get(2).function());
    assertTrue(sink.messages.get(0).line() > 0);
    assertEquals(Thread.currentThread().getName(), sink.messages.get(0).worker());
  }

  private static final class Writer {
    Writer(Log log) {
      log.error("from a constructor");
    }
  }

  @Test
  void theLevelCanChangeWhileItRuns() throws IOException {
    try (QueuedLog log = new QueuedLog(sink, Level.NOTICE)) {
      log.info("dropped");
      log.setLevel(Level.DEBUG);
      log.debug("kept");
      log.setLevel(Level.EMERG);
      log.error("dropped too");
    }
    assertEquals(List.of("kept"), sink.texts());
  }

  @Test
  void aFloodIsBoundedAndTheLogSaysHowManyMessagesItCost() throws Exception {
    QueuedLog log = new QueuedLog(sink, Level.INFO);
    sink.hold();
    log.info("first");
    sink.awaitHeld();
    for (int i = 0; i < 5000; i++) {
      log.info("message " + i);
    }
    sink.release();
    log.close();
    assertEquals(1 + 4096 + 1, sink.texts().size());
    assertTrue(
        sink.texts()
            .contains("dropped messages: 904 (they came faster than the log could be written)"));
  }

  @Test
  void aHangingDestinationHoldsNobodyUpForEver() throws Exception {
    QueuedLog log = new QueuedLog(sink, Level.INFO);
    sink.hold();
    log.error("returns all the same");
    sink.release();
    log.close();
    assertEquals(List.of("returns all the same"), sink.texts());
  }

  @Test
  void aDestinationThatFailsIsTriedAgainAndTheGapReported() throws IOException {
    try (QueuedLog log = new QueuedLog(sink, Level.INFO)) {
      sink.failing = true;
      log.error("lost");
      sink.failing = false;
      log.error("back");
    }
    assertEquals(
        List.of("back", "dropped messages: 1 (java.io.IOException: no space)"), sink.texts());
  }

  @Test
  void messagesAfterTheEndAreDropped() throws IOException {
    QueuedLog log = new QueuedLog(sink, Level.INFO);
    log.close();
    log.error("late");
    assertFalse(sink.texts().contains("late"));
  }

  @Test
  void rotationHappensInTheOrderOfMessages() throws Exception {
    try (QueuedLog log = new QueuedLog(sink, Level.INFO)) {
      log.error("one");
      log.rotate();
      assertTrue(sink.rotated.await(10, TimeUnit.SECONDS));
      log.error("two");
    }
    assertEquals(List.of("one", "two"), sink.texts());
  }

  /// Keeps messages; can be held up and made to fail.
  private static final class MemorySink implements LogSink {
    final List<LogMessage> messages = new ArrayList<>();
    final CountDownLatch rotated = new CountDownLatch(1);
    private final List<LogMessage> pending = new ArrayList<>();
    private CountDownLatch gate = new CountDownLatch(0);
    private final CountDownLatch held = new CountDownLatch(1);
    volatile boolean failing;
    volatile boolean closed;

    synchronized void hold() {
      gate = new CountDownLatch(1);
    }

    void awaitHeld() throws InterruptedException {
      assertTrue(held.await(10, TimeUnit.SECONDS));
    }

    synchronized void release() {
      gate.countDown();
    }

    private synchronized CountDownLatch gate() {
      return gate;
    }

    synchronized List<String> texts() {
      return messages.stream().map(LogMessage::text).toList();
    }

    @Override
    public synchronized void write(LogMessage message) {
      pending.add(message);
    }

    @Override
    public void flush() throws IOException {
      try {
        if (gate().getCount() > 0) {
          held.countDown();
          gate().await();
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      synchronized (this) {
        List<LogMessage> all = List.copyOf(pending);
        pending.clear();
        if (failing) {
          throw new IOException("no space");
        }
        messages.addAll(all);
      }
    }

    @Override
    public void rotate() {
      rotated.countDown();
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
