package dev.kelpie.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Network.Connection;
import dev.kelpie.platform.Network.Listener;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What every [Network] does.
@Timeout(60)
public abstract class NetworkContract {
  protected static final Duration LIMIT = Duration.ofSeconds(10);

  private final Network network;
  private final Endpoint unix;

  /// @param unix a path that nobody uses
  protected NetworkContract(Network network, Endpoint.Unix unix) {
    this.network = network;
    this.unix = unix;
  }

  @Test
  void whatIsWrittenArrivesInOrder() throws Exception {
    for (Endpoint at : new Endpoint[] {loopback(0), unix}) {
      try (Pair pair = new Pair(at)) {
        pair.client.write(text("one"), text(""), text("two"));
        pair.client.write(text("three"));
        assertEquals("onetwothree", read(pair.server, 11));
        pair.server.write(text("answer"));
        assertEquals("answer", read(pair.client, 6));
      }
    }
  }

  @Test
  void portZeroTakesAFreeOne() throws IOException {
    try (Listener first = network.listen(loopback(0));
        Listener second = network.listen(loopback(0))) {
      assertNotEquals(first.at(), second.at());
      assertNotEquals(loopback(0), first.at());
      assertTrue(first.at().local());
    }
  }

  @Test
  void anAddressThatIsTakenIsRefused() throws IOException {
    for (Endpoint at : new Endpoint[] {loopback(0), unix}) {
      try (Listener first = network.listen(at)) {
        BindException refused =
            assertThrows(BindException.class, () -> network.listen(first.at()).close());
        assertTrue(refused.toString().contains(first.at().toString()), refused.toString());
        network.connect(first.at(), LIMIT).close();
      }
    }
  }

  @Test
  void aPlaceCanBeListenedAtAgain() throws IOException {
    network.listen(unix).close();
    try (Listener again = network.listen(unix)) {
      network.connect(again.at(), LIMIT).close();
    }
  }

  @Test
  void whereNobodyListensIsAnError() throws IOException {
    Listener gone = network.listen(loopback(0));
    gone.close();
    assertThrows(ConnectException.class, () -> network.connect(gone.at(), LIMIT));
    assertThrows(IOException.class, () -> network.connect(unix, LIMIT));
  }

  @Test
  void anEndedSideReadsToTheEnd() throws Exception {
    try (Pair pair = new Pair(loopback(0))) {
      pair.client.write(text("last"));
      pair.client.shutdownOutput();
      assertEquals("last", read(pair.server, 4));
      assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
      pair.server.write(text("still"));
      assertEquals("still", read(pair.client, 5));
    }
  }

  @Test
  void whatNoReadHasTakenIsUnread() throws Exception {
    for (Endpoint at : new Endpoint[] {loopback(0), unix}) {
      try (Pair pair = new Pair(at);
          ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
        assertFalse(pair.server.unread());
        Future<String> reading = others.submit(() -> read(pair.server, 1));
        pair.client.write(text("one"));
        assertEquals("o", reading.get());
        Await.until("the rest is there", pair.server::unread);
        assertEquals("ne", read(pair.server, 2));
        assertFalse(pair.server.unread());
        pair.client.write(text("last"));
        pair.client.close();
        Await.until("what a peer sent before it left is there", pair.server::unread);
        assertEquals("last", read(pair.server, 4));
        assertFalse(pair.server.unread());
        pair.server.close();
        assertFalse(pair.server.unread());
      }
    }
  }

  @Test
  void closingEndsWaitingCalls() throws Exception {
    try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
      Listener listener = network.listen(loopback(0));
      Future<?> accepting =
          others.submit(() -> assertThrows(ClosedChannelException.class, listener::accept));
      listener.close();
      accepting.get();
      try (Pair pair = new Pair(loopback(0))) {
        ByteBuffer big = ByteBuffer.allocate(64 << 20);
        Future<?> reading =
            others.submit(() ->
                assertThrows(IOException.class, () -> pair.client.read(ByteBuffer.allocate(1))));
        Future<?> writing =
            others.submit(() -> assertThrows(IOException.class, () -> pair.client.write(big)));
        pair.client.close();
        reading.get();
        writing.get();
      }
    }
  }

  @Test
  void writersTakeTurns() throws Exception {
    int writers = 8;
    int size = 1 << 20;
    try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor();
        Pair pair = new Pair(loopback(0))) {
      for (int writer = 0; writer < writers; writer++) {
        byte[] block = new byte[size];
        Arrays.fill(block, (byte) writer);
        var _ =
            others.submit(() -> {
              ByteBuffer all = ByteBuffer.wrap(block);
              pair.client.write(
                  all.slice(0, 7), all.slice(7, size / 2), all.slice(size / 2 + 7, size / 2 - 7));
              return true;
            });
      }
      IntStream seen =
          IntStream.range(0, writers)
              .map(_ -> {
                byte[] block = readBytes(pair.server, size);
                byte[] expected = new byte[size];
                Arrays.fill(expected, block[0]);
                assertTrue(Arrays.equals(expected, block), "a block of one writer");
                return block[0];
              });
      assertEquals(writers, seen.distinct().count());
    }
  }

  @Test
  void bothEndsKnowWhoTheOtherIs() throws Exception {
    try (Pair pair = new Pair(loopback(0))) {
      assertEquals(pair.at, pair.client.peer());
      assertTrue(pair.server.peer().local());
      assertNotEquals(pair.at, pair.server.peer());
    }
    try (Pair pair = new Pair(unix)) {
      assertTrue(pair.server.peer().local());
    }
  }

  private static Endpoint loopback(int port) {
    return new Endpoint.Tcp(InetAddress.getLoopbackAddress(), port);
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private static String read(Connection from, int length) {
    return new String(readBytes(from, length), UTF_8);
  }

  private static byte[] readBytes(Connection from, int length) {
    try {
      ByteBuffer into = ByteBuffer.allocate(length);
      while (into.hasRemaining()) {
        assertTrue(from.read(into) > 0, "the stream ended early");
      }
      return into.array();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  /// Two ends of a connection.
  private final class Pair implements AutoCloseable {
    final Endpoint at;
    final Connection client;
    final Connection server;

    Pair(Endpoint where) throws IOException {
      try (Listener listener = network.listen(where)) {
        at = listener.at();
        client = network.connect(at, LIMIT);
        server = listener.accept();
      }
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }
}
