package dev.kelpie.cluster.zookeeper;

import dev.kelpie.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ServerConfig;
import org.apache.zookeeper.server.ZooKeeperServerMain;
import org.apache.zookeeper.server.admin.AdminServer.AdminServerException;
import org.apache.zookeeper.server.auth.ProviderRegistry;
import org.apache.zookeeper.server.auth.X509AuthenticationProvider;

/// One ZooKeeper server that speaks TLS and nothing else, and wants a certificate of each client.
/// ZooKeeper sets it up by properties of the Java machine, so there is one at a time.
final class TlsServer implements AutoCloseable {
  private static final String X509 = "zookeeper.authProvider.x509";

  private final Map<String, String> properties = new HashMap<>();
  private final AtomicBoolean started = new AtomicBoolean();
  private final ZooKeeperServerMain server = new Server();
  private final Thread thread;

  /// Starts with what the data directory has.
  ///
  /// @param certificates of the server, and of the authority that it trusts
  TlsServer(Path data, Path certificates) throws IOException {
    Path pair = keyAndCertificate(certificates, "server");

    set(
        ServerCnxnFactory.ZOOKEEPER_SERVER_CNXN_FACTORY,
        "org.apache.zookeeper.server.NettyServerCnxnFactory");
    set("zookeeper.ssl.keyStore.location", pair.toString());
    set("zookeeper.ssl.trustStore.location", certificates.resolve("ca-cert.pem").toString());
    set(X509, X509AuthenticationProvider.class.getName());
    ProviderRegistry.addOrUpdateProvider(X509);
    Config config = new Config(Files.createDirectories(data));
    thread = Thread.ofPlatform().start(run(config));
    Await.until("the server has started", started::get);
  }

  /// Both in one file, as ZooKeeper wants them.
  static Path keyAndCertificate(Path certificates, String side) throws IOException {
    return Files.writeString(
        certificates.resolve(side + ".pem"),
        Files.readString(certificates.resolve(side + "-key.pem"))
            + Files.readString(certificates.resolve(side + "-cert.pem")));
  }

  /// Where clients reach it.
  int port() {
    return server.getSecureClientPort();
  }

  @Override
  public void close() {
    server.close();
    Await.until("the server has stopped", () -> !thread.isAlive());
    properties.keySet().forEach(System::clearProperty);
    ProviderRegistry.removeProvider("x509");
  }

  private Runnable run(Config config) {
    return () -> {
      try {
        server.runFromConfig(config);
      } catch (IOException | AdminServerException e) {
        throw new AssertionError(e);
      }
    };
  }

  private void set(String name, String value) {
    properties.put(name, value);
    System.setProperty(name, value);
  }

  private static final class Config extends ServerConfig {
    Config(Path data) {
      dataDir = data.toFile();
      dataLogDir = dataDir;
      tickTime = (int) Servers.TICK.toMillis();
      secureClientPortAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }
  }

  private final class Server extends ZooKeeperServerMain {
    @Override
    protected void serverStarted() {
      started.set(true);
    }
  }
}
