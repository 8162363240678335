package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordedLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Clients of a server that comes back with every byte it gets.
@Timeout(60)
final class ServerTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ManualClock clock = new ManualClock();
  private final TestPlatform world = new TestPlatform(new MemoryDisk(), clock);
  private final RecordedLog log = new RecordedLog();
  private final Echo echo = new Echo(world.platform(), 3);
  private final Server server = new Server(world.platform(), log, echo);
  private final Endpoint at;

  ServerTest() throws IOException {
    Network.Listener listener =
        world.platform().network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    at = listener.at();
    server.serve(listener);
  }

  @AfterEach
  void close() {
    server.close();
    assertEquals(0, server.clients());
    world.assertNoFailures();
  }

  @Test
  void whoHasNoThreadIsTurnedAwayAndTheNextIsServed() throws IOException {
    List<Runnable> refusals =
        List.of(
            () -> {
              throw new RejectedExecutionException("no thread is left");
            },
            () -> {
              throw new OutOfMemoryError("unable to create native thread");
            });
    for (Runnable refusal : refusals) {
      world.tasks().refuse(name -> name.startsWith("echo client"), refusal);
      for (int i = 0; i < 2; i++) {
        assertEnds(client());
      }
      world.tasks().allowAll();
      try (Network.Connection served = client()) {
        assertEchoes(served);
      }
      Await.until("it has left", () -> server.clients() == 0);
    }
    List<String> warnings = log.at(Level.WARN);
    assertEquals(4, warnings.size());
    assertTrue(warnings.getFirst().contains("no thread is left"), warnings.getFirst());
    assertTrue(warnings.getFirst().startsWith("echo: no thread or memory for 127.0.0.1:"));
    assertTrue(warnings.getLast().contains("unable to create native thread"));
  }

  @Test
  void whereThereIsNoMemoryForASessionTheNextIsServed() throws IOException {
    echo.exhausted = true;
    assertEnds(client());
    Await.until("it was told", () -> log.at(Level.WARN).size() == 1);
    echo.exhausted = false;
    try (Network.Connection served = client()) {
      assertEchoes(served);
    }
  }

  @Test
  void theOneThatWasMuteForLongestIsTurnedOut() throws IOException {
    Network.Connection busy = client();
    assertEchoes(busy);
    Network.Connection first = client();
    Network.Connection second = client();
    Network.Connection third = client();
    assertEnds(first);
    assertEchoes(second);
    assertEchoes(third);
    assertEnds(client());
    assertEchoes(busy);
    assertEquals(1, log.at(Level.WARN).size(), "one complaint is enough");
    for (Network.Connection client : List.of(busy, second, third)) {
      client.close();
    }
  }

  @Test
  void theEndWaitsForWhoWasTurnedOutToo() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    echo.mayEnd = held;
    for (int i = 0; i < 4; i++) {
      assertTrue(client().peer().local());
    }
    Await.until("one was turned out", () -> echo.ending.get() == 1);
    assertEquals(3, server.clients());
    FutureTask<Boolean> drained = new FutureTask<>(() -> server.drain(LIMIT));
    Thread.ofVirtual().start(drained);
    Await.until("all end", () -> echo.ending.get() == 4);
    assertFalse(drained.isDone());
    held.countDown();
    assertTrue(drained.get());
  }

  @Test
  void onlyHoardersAreCutOffAndOnlyWhereMemoryIsShort() throws IOException {
    Network.Connection first = client();
    Network.Connection second = client();
    assertEchoes(first);
    assertEchoes(second);
    echo.hoarder = 2;
    Await.until("it was looked after", () -> echo.looks.get() > 2);
    assertEchoes(second);
    echo.memoryIsShort = true;
    assertEnds(second);
    assertEchoes(first);
    assertEquals(1, log.at(Level.WARN).size());
    assertTrue(log.at(Level.WARN).getFirst().contains("client 2 is stuck and keeps memory"));
    first.close();
  }

  @Test
  void whoIsNotAdmittedTakesNoPlaceAndFewLines() throws IOException {
    echo.access = new Access(_ -> false, Optional.empty());
    for (int i = 0; i < 15; i++) {
      assertEnds(client());
    }
    Await.until("it was told", () -> log.at(Level.WARN).size() == 10);
    String said = log.at(Level.WARN).getFirst();
    assertTrue(said.startsWith("echo: 127.0.0.1:"), said);
    assertTrue(said.endsWith(" is not on the list of clients that may connect: disconnected"));
    clock.advance(Duration.ofSeconds(11));
    assertEnds(client());
    Await.until("it was told again", () -> log.at(Level.WARN).size() == 11);
    String last = log.at(Level.WARN).getLast();
    assertTrue(last.endsWith(" (and 5 more before that were not logged)"), last);
    echo.access = Access.OPEN;
    try (Network.Connection served = client()) {
      assertEchoes(served);
    }
  }

  @Test
  void aDrainLetsNobodyInAndEndsThoseWhoWait() throws IOException {
    Network.Connection idle = client();
    assertEchoes(idle);
    assertTrue(server.drain(LIMIT));
    assertEnds(idle);
    assertEquals(0, server.clients());
    Await.until("nobody listens", this::isRefused);
  }

  private boolean isRefused() {
    try (Network.Connection late = client()) {
      assertEnds(late);
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  private Network.Connection client() throws IOException {
    return world.platform().network().connect(at, LIMIT);
  }

  private static void assertEchoes(Network.Connection client) throws IOException {
    client.write(ByteBuffer.wrap(new byte[] {42}));
    ByteBuffer back = ByteBuffer.allocate(2);
    assertEquals(1, client.read(back));
    assertEquals(42, back.get(0));
  }

  private static void assertEnds(Network.Connection client) {
    int count;
    try {
      count = client.read(ByteBuffer.allocate(1));
    } catch (IOException reset) {
      count = -1; // as good as closed
    }
    assertEquals(-1, count);
  }
}
