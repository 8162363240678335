package dev.kelpie.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryExports;
import dev.kelpie.testing.MemoryVdi;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.RecordedLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// A server with one disk in memory, `vm`, behind it, on a TCP and a Unix socket. Closing it fails
/// where anything leaked: a connection, a disk that is still open, memory, an exception.
public final class ServedDisk implements AutoCloseable {
  public static final long SIZE = 64 << 20;

  final MemoryVdi disk = new MemoryVdi("a disk in memory", SIZE).recording();
  final MemoryExports exports = new MemoryExports().with("vm", disk);
  final RecordedLog log = new RecordedLog();
  final TestPlatform world;
  final Platform platform;
  final NbdServer server;
  private final Path directory;
  private final Map<Transport, Endpoint> endpoints = new EnumMap<>(Transport.class);

  public ServedDisk() throws IOException {
    this(NbdConfig.DEFAULT, new TestPlatform(new MemoryDisk()));
  }

  ServedDisk(NbdConfig config) throws IOException {
    this(config, new TestPlatform(new MemoryDisk()));
  }

  ServedDisk(NbdConfig config, Clock clock) throws IOException {
    this(config, new TestPlatform(new MemoryDisk(), clock));
  }

  ServedDisk(Access access, Clock clock) throws IOException {
    this(NbdConfig.DEFAULT, access, new TestPlatform(new MemoryDisk(), clock));
  }

  private ServedDisk(NbdConfig config, TestPlatform world) throws IOException {
    this(config, Access.OPEN, world);
  }

  private ServedDisk(NbdConfig config, Access access, TestPlatform world) throws IOException {
    this.world = world;
    this.platform = world.platform();
    this.directory = Files.createTempDirectory("nbd-test");
    this.server = new NbdServer(platform, log, exports, config, access);
    listen(Transport.TCP, new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    listen(Transport.UNIX, new Endpoint.Unix(directory.resolve("s")));
  }

  private void listen(Transport transport, Endpoint at) throws IOException {
    Network.Listener listener = platform.network().listen(at);
    endpoints.put(transport, listener.at());
    server.serve(listener);
  }

  Endpoint at(Transport transport) {
    Endpoint endpoint = endpoints.get(transport);
    return endpoint == null ? at(Transport.TCP) : endpoint;
  }

  /// Offers one more disk.
  public MemoryVdi with(String name) {
    MemoryVdi more = new MemoryVdi(name, SIZE);
    exports.with(name, more);
    return more;
  }

  /// A client over TCP that has not said anything.
  public NbdClient stranger() throws IOException {
    return stranger(Transport.TCP);
  }

  /// A client that has not said anything.
  NbdClient stranger(Transport transport) throws IOException {
    return NbdClient.connect(platform.network(), at(transport));
  }

  /// A client that uses the disk, with all that the protocol offers.
  NbdClient client(Transport transport) throws IOException {
    return using(stranger(transport).greet().structured().allocation("vm"));
  }

  /// A client that uses the disk, with all that the protocol offers in a framing.
  NbdClient client(Transport transport, Framing framing) throws IOException {
    return switch (framing) {
      case SIMPLE -> simpleClient(transport);
      case STRUCTURED -> client(transport);
      case EXTENDED -> using(stranger(transport).greet().extendedHeaders().allocation("vm"));
    };
  }

  /// Lets a client that has selected contexts use the disk; the look at it for that is forgotten.
  NbdClient using(NbdClient client) throws IOException {
    client.go("vm");
    disk.forget();
    return client;
  }

  /// A client that uses the disk and knows simple replies only.
  NbdClient simpleClient(Transport transport) throws IOException {
    NbdClient client = stranger(transport).greet();
    client.go("vm");
    return client;
  }

  /// Waits until everybody who ever came has left, those included whom the server has not accepted
  /// yet: it takes them before who comes now.
  public void awaitNobody() throws IOException {
    for (Transport transport : Transport.values()) {
      stranger(transport).greet().close();
    }
    Await.until("nobody is connected", () -> server.clients() == 0);
  }

  /// Fails where the log has an error: what a client does is none.
  public void assertNoErrors() {
    assertEquals(List.of(), log.at(Level.ERROR));
  }

  @Override
  public void close() throws IOException {
    server.close();
    assertEquals(0, server.clients(), "clients");
    assertEquals(0, server.payloadBytes(), "bytes of memory in use");
    exports.assertAllClosed();
    world.assertNoFailures();
    Files.delete(directory);
  }
}
