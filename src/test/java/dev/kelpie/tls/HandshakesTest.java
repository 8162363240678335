package dev.kelpie.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who has a turn to shake hands, and who has to make place.
@Timeout(60)
final class HandshakesTest {
  private static final int TINY = 16;

  private final ManualClock clock = new ManualClock();
  private final Handshakes handshakes = new Handshakes(JvmPlatform.locks(), clock);
  private final List<Pipe> pipes = new ArrayList<>();
  private final List<Handshakes.Turn> turns = new ArrayList<>();

  /// All that there is room for.
  private void fill() throws IOException {
    for (int i = 0; i < Handshakes.MAX; i++) {
      pipes.add(new Pipe(TINY, Pair.ALL));
      turns.add(handshakes.turn(pipes.getLast().server, () -> false));
    }
  }

  private FutureTask<Handshakes.Turn> waiting(int number) {
    Pipe pipe = new Pipe(TINY, Pair.ALL);
    FutureTask<Handshakes.Turn> turn =
        Pair.started(() -> handshakes.turn(pipe.server, () -> false));
    Await.until("it waits", () -> handshakes.waiting() == number);
    return turn;
  }

  private void pass() {
    clock.advance(Handshakes.TIME.plus(Duration.ofMillis(1)));
  }

  private static void assertCut(Pipe pipe) {
    assertThrows(IOException.class, () -> pipe.server.read(ByteBuffer.allocate(1)));
  }

  @Test
  void whoComesWhenAllTurnsAreTakenWaitsUntilOneEnds() throws Exception {
    fill();
    FutureTask<Handshakes.Turn> turn = waiting(1);
    assertEquals(Handshakes.MAX, handshakes.underWay());
    turns.getLast().close();
    turn.get().close();
    assertEquals(Handshakes.MAX - 1, handshakes.underWay());
    assertEquals(0, handshakes.waiting());
  }

  @Test
  void turnsAreGivenInTheOrderOfComing() throws Exception {
    fill();
    List<Integer> order = new CopyOnWriteArrayList<>();
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int number = i;
      Pipe pipe = new Pipe(TINY, Pair.ALL);
      tasks.add(
          Pair.started(() -> {
            try (Handshakes.Turn _ = handshakes.turn(pipe.server, () -> false)) {
              return order.add(number);
            }
          }));
      Await.until("it waits", () -> handshakes.waiting() == number + 1);
    }
    turns.getFirst().close();
    for (FutureTask<Boolean> task : tasks) {
      task.get();
    }
    assertEquals(order.stream().sorted().toList(), order);
  }

  @Test
  void theOldestIsCutOffForOthersOnceItHasHadItsTime() throws Exception {
    fill();
    clock.advance(Handshakes.TIME);
    FutureTask<Handshakes.Turn> turn = waiting(1);
    assertEquals(Handshakes.MAX, handshakes.underWay()); // not yet late
    pass();
    Await.until("the oldest is cut off", () -> pipes.getFirst().server.closed());
    assertCut(pipes.getFirst());
    IOException noticed = new ClosedChannelException();
    assertInstanceOf(TlsFailure.class, turns.getFirst().reason(noticed));
    assertSame(noticed, turns.get(1).reason(noticed));
    turns.getFirst().close();
    turn.get();
    assertEquals(Handshakes.MAX, handshakes.underWay());
    assertEquals(1, pipes.stream().filter(pipe -> pipe.server.closed()).count());
  }

  @Test
  void whoIsDoneIsNotCutOffAndWhoWasIsTold() throws Exception {
    fill();
    pass();
    turns.getFirst().done();
    FutureTask<Handshakes.Turn> last = waiting(0);
    last.get();
    FutureTask<Handshakes.Turn> turn = waiting(1);
    Await.until("the next oldest is cut off", () -> pipes.get(1).server.closed());
    IOException late = assertThrows(IOException.class, turns.get(1)::done);
    assertInstanceOf(TlsFailure.class, turns.get(1).reason(late));
    turn.get();
    assertEquals(1, pipes.stream().filter(pipe -> pipe.server.closed()).count());
  }

  @Test
  void nobodyIsCutOffWhileNobodyWaits() throws Exception {
    fill();
    pass();
    turns.getFirst().close();
    handshakes.turn(new Pipe(TINY, Pair.ALL).server, () -> false).close();
    assertEquals(0, pipes.stream().filter(pipe -> pipe.server.closed()).count());
  }

  @Test
  void whoIsNotWantedAnyMoreLeavesTheQueue() throws Exception {
    fill();
    AtomicBoolean gone = new AtomicBoolean();
    Pipe pipe = new Pipe(TINY, Pair.ALL);
    FutureTask<Handshakes.Turn> turn = Pair.started(() -> handshakes.turn(pipe.server, gone::get));
    FutureTask<Handshakes.Turn> next;
    Await.until("it waits", () -> handshakes.waiting() == 1);
    next = waiting(2);
    gone.set(true);
    assertInstanceOf(
        ClosedChannelException.class, assertThrows(ExecutionException.class, turn::get).getCause());
    turns.getFirst().close();
    next.get();
  }
}
