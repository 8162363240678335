package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.CacheControl;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.frontend.sheepdog.Services;
import dev.kelpie.frontend.sheepdog.SheepdogConfig;
import dev.kelpie.frontend.sheepdog.SheepdogServer;
import dev.kelpie.log.Level;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiCatalog;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A sheep in this process, formatted: the Sheepdog front end and all floors below it, over objects
/// in memory.
final class Sheep implements AutoCloseable {
  private static final int COPIES = 2;

  final MemoryStore store = new MemoryStore();
  final RecordingLog log = new RecordingLog();
  private final TestPlatform testPlatform;
  private final MemoryDisk disk = new MemoryDisk();
  private final ClusterBook book;
  private final SheepdogServer server;
  private final SocketAddress at;
  private final Deque<Closeable> floors = new ArrayDeque<>();

  /// How it is run and reached.
  ///
  /// @param cached whether it has an object cache
  /// @param unix whether clients come through a Unix socket
  record Way(boolean cached, boolean unix) {
    static List<Way> all() {
      return List.of(
          new Way(true, false), new Way(true, true), new Way(false, false), new Way(false, true));
    }
  }

  /// @param directory for the Unix socket
  Sheep(Way way, Path directory) throws IOException {
    testPlatform = new TestPlatform(disk);
    Platform platform = testPlatform.platform();
    EmbeddedCoordination records =
        floor(new EmbeddedCoordination(platform, log, disk.directories("/records")));
    LeaseBook leases = new LeaseBook(platform, log, records, "node");
    book = new ClusterBook(records);
    Member self = new Member(InetAddress.getLoopbackAddress(), 7000, 128, 1, 1L << 40);
    Optional<ObjectCache> cache = Optional.empty();
    if (way.cached) {
      CacheConfig config =
          new CacheConfig(disk.directories("/cache"), 64L << 20, true, true, Duration.ofMillis(50));
      cache = Optional.of(floor(ObjectCache.open(platform, log, config, store, leases)));
    } else {
      leases.begin(LeaseBook.NO_CACHE, Set.of());
    }
    ObjectStore objects = cache.isPresent() ? cache.get() : store;
    VdiCatalog vdis =
        floor(
            new VdiCatalog(
                platform,
                log,
                records,
                objects,
                leases,
                () -> COPIES,
                cache.<CacheTuning>map(c -> c).orElse(CacheTuning.NONE)));
    Optional<CacheControl> control = cache.map(c -> c);
    Services services =
        new Services(vdis.clientObjects(), vdis, control, store, book, new LoneNode(self));
    book.format(
        new Format(0x65_53f1_0000_0007L, COPIES, 0, 0, "plain"),
        List.of(self),
        Instant.ofEpochSecond(1_700_000_000));
    server = new SheepdogServer(platform, log, services, SheepdogConfig.defaults());
    Endpoint where =
        way.unix
            ? new Endpoint.Unix(directory.resolve("sock"))
            : new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0);
    Network.Listener listener = platform.network().listen(where);
    server.serve(listener);
    at =
        switch (listener.at()) {
          case Endpoint.Tcp tcp -> new InetSocketAddress(tcp.address(), tcp.port());
          case Endpoint.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
  }

  private <T extends Closeable> T floor(T floor) {
    floors.push(floor);
    return floor;
  }

  SocketAddress at() {
    return at;
  }

  int epoch() {
    return book.epoch();
  }

  int clients() {
    return server.clients();
  }

  /// Waits until no more than so many of all clients that ever came are left.
  void awaitClients(int count) throws IOException {
    try (Client last = new Client(this)) {
      last.call(Request.of(Request.READ_VDIS, 0, Request.BITMAP)).is(Reply.SUCCESS);
    }
    Await.until("only " + count + " clients are left", () -> server.clients() <= count);
  }

  /// The orderly end, and whether the program was at fault anywhere.
  @Override
  public void close() throws IOException {
    server.close();
    while (!floors.isEmpty()) {
      floors.pop().close();
    }
    testPlatform.assertNoFailures();
    List<String> bugs =
        log.messages(Level.ERROR).stream()
            .filter(m -> m.contains("fault of this program"))
            .toList();
    assertEquals(List.of(), bugs);
  }
}
