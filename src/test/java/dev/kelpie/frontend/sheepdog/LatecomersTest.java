package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.Latecomers.Overtaken;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.stream.Line;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who waits for whom, and who is cut off.
@Timeout(60)
final class LatecomersTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(1), 0);
  private static final ObjectId OTHER = ObjectId.data(new VdiId(1), 64);

  private final ManualClock clock = new ManualClock();
  private final Locks locks = TestPlatform.real(new MemoryDisk()).locks();
  private final Latecomers latecomers = new Latecomers(locks, clock);
  private final ObjectTurns turns = new ObjectTurns(locks);
  private final Client old = new Client();
  private final Client fresh = new Client();

  /// A connection and what its client does.
  private final class Client {
    final Socket socket = new Socket();
    final Line line = new Line(socket, clock);
    final Latecomers.Place place = latecomers.join(line);

    void take(int bytes) throws IOException {
      assertEquals(bytes, line.read(ByteBuffer.allocate(bytes)));
    }

    void change(ObjectId object) throws Overtaken {
      place.enter(turns, object, this).close();
    }

    /// Whether it may change the object without a wait.
    boolean passes(ObjectId object) {
      AtomicBoolean waited = new AtomicBoolean();
      Waiting waiting = new Waiting(this, object, waited);
      Await.until("it waits or passes", () -> waited.get() || !waiting.thread.isAlive());
      if (waited.get()) {
        clock.advance(Latecomers.STALL_MAX.multipliedBy(2));
      }
      waiting.awaitEnd();
      return !waited.get();
    }
  }

  /// A change that waits for older connections.
  private static final class Waiting {
    final Thread thread;

    Waiting(Client client, ObjectId object, AtomicBoolean waits) {
      thread =
          Thread.ofVirtual().start(() -> client.place.awaitElders(object, () -> waits.set(true)));
    }

    void awaitEnd() {
      Await.until("it has passed", () -> !thread.isAlive());
    }
  }

  private Waiting waiting(Client client, ObjectId object) {
    AtomicBoolean waits = new AtomicBoolean();
    Waiting waiting = new Waiting(client, object, waits);
    Await.until("it waits", waits::get);
    return waiting;
  }

  @Test
  void whoWaitsWithNothingUnreadIsNotWaitedFor() {
    old.place.waiting();
    assertTrue(fresh.passes(OBJECT));
    old.place.busy();
    old.socket.unread = true;
    assertTrue(fresh.passes(OBJECT), "what it sends from now on is no older than this");
  }

  @Test
  void nobodyWaitsForAYoungerOne() {
    fresh.socket.unread = true;
    fresh.place.busy();
    assertTrue(old.passes(OBJECT));
  }

  @Test
  void aChangeWaitsUntilAllThatCameBeforeHasItsTurn_I13() throws Overtaken {
    old.socket.unread = true;
    old.place.waiting();
    Waiting waiting = waiting(fresh, OBJECT);
    old.place.busy();
    old.socket.unread = false;
    assertTrue(waiting.thread.isAlive(), "what was taken is not in its turn yet");
    old.change(OBJECT);
    old.place.waiting();
    waiting.awaitEnd();
    fresh.change(OBJECT);
    old.change(OBJECT);
  }

  @Test
  void aConnectionThatHasNotBegunIsWaitedFor_I13() {
    Waiting waiting = waiting(fresh, OBJECT);
    old.place.leave();
    waiting.awaitEnd();
  }

  @Test
  void aConnectionThatNeverBeganIsNot() {
    old.line.close();
    assertTrue(fresh.passes(OBJECT));
  }

  @Test
  void toWhoIsStuckTheObjectIsBarred_I13() throws Overtaken {
    old.place.busy();
    assertFalse(fresh.passes(OBJECT));
    old.change(OTHER);
    assertThrows(Overtaken.class, () -> old.change(OBJECT));
    clock.advance(Duration.ofHours(1));
    assertThrows(Overtaken.class, () -> old.change(OBJECT));
    assertFalse(fresh.line.closed() || old.line.closed());
  }

  @Test
  void whoWasStuckIsNotWaitedForAgain() {
    old.place.busy();
    assertFalse(fresh.passes(OBJECT));
    new Waiting(fresh, OTHER, new AtomicBoolean()).awaitEnd();
    assertThrows(Overtaken.class, () -> old.change(OTHER));
  }

  @Test
  void whoHasCaughtUpIsFreeAgain() throws Overtaken {
    old.place.busy();
    assertFalse(fresh.passes(OBJECT));
    old.socket.unread = true;
    old.place.waiting();
    old.place.busy();
    assertThrows(Overtaken.class, () -> old.change(OBJECT));
    old.socket.unread = false;
    old.place.waiting();
    old.place.busy();
    old.change(OBJECT);
  }

  @Test
  void whoMovesIsNotStuck() throws IOException {
    old.socket.unread = true;
    old.place.waiting();
    Waiting waiting = waiting(fresh, OBJECT);
    for (int i = 0; i < 5; i++) {
      old.take(1);
      awaitLook();
      clock.advance(Latecomers.STALL_MAX.dividedBy(2));
    }
    assertTrue(waiting.thread.isAlive());
    old.change(OBJECT);
    old.socket.unread = false;
    waiting.awaitEnd();
  }

  @Test
  void whoMovesAndIsNeverDoneIsNotWaitedForWithoutEnd_I13() throws IOException {
    old.socket.unread = true;
    old.place.waiting();
    Waiting waiting = waiting(fresh, OBJECT);
    awaitLook();
    for (int i = 0; i < 8; i++) {
      old.take(1);
      awaitLook();
      clock.advance(Latecomers.WAIT_MAX.dividedBy(7));
    }
    waiting.awaitEnd();
    old.change(OTHER);
    assertThrows(Overtaken.class, () -> old.change(OBJECT));
  }

  /// Lets the one that waits have looked after this call began.
  private void awaitLook() {
    int before = old.socket.asked.get();
    Await.until("it has looked", () -> old.socket.asked.get() > before + 2);
  }

  @Test
  void whoHasTakenMoreThanSocketsHoldHasCaughtUp() throws IOException {
    old.place.busy();
    Waiting waiting = waiting(fresh, OBJECT);
    for (int i = 0; i < 65; i++) {
      old.take(1 << 20);
    }
    waiting.awaitEnd();
    old.change(OBJECT);
    assertTrue(fresh.passes(OTHER));
  }

  @Test
  void whoReceivesAPayloadForSomethingElseIsNotWaitedForAndNotForgotten_I13() {
    old.place.receiving(Optional.of(OTHER));
    assertTrue(fresh.passes(OBJECT));
    assertFalse(fresh.passes(OTHER));
    assertThrows(Overtaken.class, () -> old.change(OTHER));
  }

  /// Says what the test wants it to say.
  private static final class Socket implements Network.Connection {
    volatile boolean unread;
    final AtomicInteger asked = new AtomicInteger();

    @Override
    public Endpoint peer() {
      return new Endpoint.Unix(Path.of("test"));
    }

    @Override
    public int read(ByteBuffer into) {
      int count = into.remaining();
      into.position(into.limit());
      return count;
    }

    @Override
    public boolean unread() {
      asked.incrementAndGet();
      return unread;
    }

    @Override
    public void write(ByteBuffer... from) {
      throw new AssertionError("nothing is written here");
    }

    @Override
    public void shutdownOutput() {}

    @Override
    public void close() {}
  }
}
