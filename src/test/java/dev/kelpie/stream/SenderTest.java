package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who sends, and what goes together.
@Timeout(60)
final class SenderTest {
  private final FakeConnection connection = new FakeConnection();
  private final Line line = new Line(connection, new ManualClock());
  private final Sender sender = new Sender(line, TestPlatform.real(new MemoryDisk()).locks());
  private final List<String> left = new CopyOnWriteArrayList<>();

  @Test
  void nothingIsSentBeforeItIsFlushed() {
    post("one", "o", "ne");
    post("two", "two");
    assertEquals(List.of(), written());
    sender.flush();
    assertEquals(List.of("onetwo"), written());
    assertEquals(List.of("one", "two"), left);
  }

  @Test
  void whatIsPostedWhileSomebodySendsIsTakenAlong() throws Exception {
    connection.hold();
    post("first", "first");
    FutureTask<Boolean> sending = running(() -> sender.flush());
    Await.until("it is being sent", connection::writing);
    post("a", "a");
    sender.flush();
    post("b", "b");
    sender.flush();
    assertEquals(List.of(), left);
    connection.go();
    assertTrue(sending.get());
    assertEquals(List.of("first", "ab"), written());
    assertEquals(List.of("first", "a", "b"), left);
  }

  @Test
  void whoSendsItselfWaitsForItsTurn() throws Exception {
    connection.hold();
    post("first", "first");
    FutureTask<Boolean> flush = running(() -> sender.flush());
    Await.until("it is being sent", connection::writing);
    FutureTask<Boolean> own = running(() -> sender.send(bytes("own")));
    post("late", "late");
    connection.go();
    assertTrue(flush.get() && own.get());
    assertEquals(List.of("first", "late"), left);
    assertEquals("first", written().getFirst());
    assertEquals(3, written().size());
    assertTrue(written().containsAll(List.of("own", "late")));
  }

  @Test
  void oneCallWritesNoMoreThanAMebibyteOfWholeMessages() {
    String large = "x".repeat(700_000);
    post("a", large);
    post("b", large);
    post("c", "c");
    post("d", large, large);
    sender.flush();
    assertEquals(
        List.of(700_000, 700_001, 1_400_000), written().stream().map(String::length).toList());
    assertEquals(List.of("a", "b", "c", "d"), left);
  }

  @Test
  void whatCannotBeSentIsDroppedAndTheLineClosed() throws Exception {
    connection.hold();
    post("held", "held");
    FutureTask<Boolean> sending = running(() -> sender.flush());
    Await.until("it is being sent", connection::writing);
    post("late", "late");
    connection.close();
    assertTrue(sending.get());
    assertTrue(line.closed());
    assertEquals(List.of("held", "late"), left);
    assertEquals(List.of(), written());
    post("too late", "too late");
    sender.flush();
    assertEquals(List.of("held", "late", "too late"), left);
  }

  @Test
  void whoSendsItselfIsToldThatTheLineIsBroken() throws Exception {
    connection.close();
    FutureTask<Boolean> own = running(() -> sender.send(bytes("own")));
    assertFalse(own.get());
    post("next", "next");
    sender.flush();
    assertEquals(List.of("next"), left);
  }

  private interface Sending {
    void run() throws IOException;
  }

  /// Whether it went well.
  private static FutureTask<Boolean> running(Sending sending) {
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          try {
            sending.run();
            return true;
          } catch (IOException broken) {
            return false;
          }
        });
    Thread.ofVirtual().start(task);
    return task;
  }

  private void post(String name, String... parts) {
    List<ByteBuffer> bytes = List.of(parts).stream().map(SenderTest::bytes).toList();
    sender.post(new Sender.Message(bytes, () -> left.add(name)));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private List<String> written() {
    return connection.written().stream()
        .map(bytes -> new String(bytes, StandardCharsets.US_ASCII))
        .toList();
  }
}
