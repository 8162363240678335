package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Seat;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryClientObjects;
import dev.kelpie.testing.MemoryCoordination;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.tls.TlsConnection;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A server on a loopback port over fakes, formatted, and clients for it.
public final class Rig implements AutoCloseable {
  static final Format FORMAT = new Format(0x65_53f1_0000_0007L, 3, 0, 0, "plain");
  static final Duration LIMIT = Duration.ofSeconds(10);

  final TestPlatform testPlatform;
  final Platform platform;
  final RecordingLog log = new RecordingLog();
  final MemoryClientObjects objects = new MemoryClientObjects();
  final FakeVdis vdis = new FakeVdis();
  final FakeCache cache = new FakeCache();
  final ClusterBook book;
  final FakeNode node;
  final SheepdogServer server;
  private final Endpoint at;
  private final List<StrictClient> clients = new CopyOnWriteArrayList<>();

  /// A server that was formatted, with a cache.
  public Rig() throws IOException {
    this(true, SheepdogConfig.defaults());
    book.format(FORMAT, node.members(), FakeNode.FORMATTED);
  }

  Rig(boolean cached, SheepdogConfig config) throws IOException {
    this(cached, config, new TestPlatform(new MemoryDisk()));
  }

  private Rig(boolean cached, SheepdogConfig config, TestPlatform testPlatform) throws IOException {
    this(cached, config, testPlatform, Access.OPEN);
  }

  private Rig(boolean cached, SheepdogConfig config, TestPlatform testPlatform, Access access)
      throws IOException {
    this.testPlatform = testPlatform;
    platform = testPlatform.platform();
    book = new ClusterBook(new MemoryCoordination());
    node = new FakeNode(book);
    Services services =
        new Services(
            objects,
            vdis,
            cached ? Optional.of(cache) : Optional.empty(),
            objects.store(),
            book,
            node);
    server = new SheepdogServer(platform, log, services, config, access);
    at = listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
  }

  /// Another node joins the cluster.
  void joins(Member other) throws IOException {
    long time = FakeNode.FORMATTED.getEpochSecond();
    List<Seat> seats = new ArrayList<>(book.cluster().orElseThrow().seats());
    seats.add(Seat.of(other, 0, time));
    assertTrue(book.advance(book.epoch(), seats, FakeNode.FORMATTED));
  }

  /// A server that was formatted.
  static Rig formatted(boolean cached, SheepdogConfig config) throws IOException {
    Rig rig = new Rig(cached, config);
    rig.book.format(FORMAT, rig.node.members(), FakeNode.FORMATTED);
    return rig;
  }

  /// A server that was formatted, on a clock of the test.
  static Rig withClock(SheepdogConfig config, Clock clock) throws IOException {
    Rig rig = new Rig(true, config, new TestPlatform(new MemoryDisk(), clock));
    rig.book.format(FORMAT, rig.node.members(), FakeNode.FORMATTED);
    return rig;
  }

  /// A server that was formatted, for clients with this access.
  static Rig withAccess(SheepdogConfig config, Clock clock, Access access) throws IOException {
    Rig rig = new Rig(true, config, new TestPlatform(new MemoryDisk(), clock), access);
    rig.book.format(FORMAT, rig.node.members(), FakeNode.FORMATTED);
    return rig;
  }

  /// A new client that speaks TLS.
  StrictClient client(TlsContext tls) throws IOException {
    TlsConnection encrypted = tls.client(platform.network().connect(at, LIMIT), "localhost", 1);
    encrypted.handshake();
    StrictClient client = new StrictClient(encrypted);
    clients.add(client);
    return client.expectEpoch(book.epoch());
  }

  /// Serves on one more address.
  Endpoint listen(Endpoint where) throws IOException {
    Network.Listener listener = platform.network().listen(where);
    server.serve(listener);
    return listener.at();
  }

  /// A new client.
  StrictClient client() throws IOException {
    return client(at);
  }

  StrictClient client(Endpoint where) throws IOException {
    StrictClient client = new StrictClient(platform.network().connect(where, LIMIT));
    clients.add(client);
    return client.expectEpoch(book.epoch());
  }

  /// A new connection on which nothing was said.
  public Network.Connection connect() throws IOException {
    return platform.network().connect(at, LIMIT);
  }

  /// Waits until everybody has left, and fails where anything is left of them: memory, requests
  /// that wait for it, an exception, or an error in the log, as what a client does is none.
  public void assertNothingIsLeft() throws IOException {
    awaitClients(0);
    assertEquals(0, server.memoryUsed(), "bytes of memory in use");
    assertEquals(0, server.waitingForMemory(), "requests that wait for memory");
    assertEquals(List.of(), log.messages(Level.ERROR));
    testPlatform.assertNoFailures();
  }

  /// Waits until those whom the server has accepted have left.
  public void awaitNobody() {
    Await.until("nobody is left", () -> server.clients() == 0);
  }

  /// From now on the node neither ends nor formats itself, whatever a client asks for.
  public Rig steadfast() {
    node.steadfast = true;
    return this;
  }

  /// Waits until no more than so many clients are left of all that ever came, those included whom
  /// the server has not accepted yet: it takes them before who comes now.
  void awaitClients(int count) throws IOException {
    StrictClient last = client();
    last.call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    last.close();
    Await.until("only " + count + " clients are left", () -> server.clients() == count);
  }

  @Override
  public void close() throws IOException {
    for (StrictClient client : clients) {
      client.close();
    }
    server.close();
    testPlatform.assertNoFailures();
  }
}
