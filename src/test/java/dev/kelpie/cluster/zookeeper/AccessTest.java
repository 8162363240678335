package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the file of `config=` is for: TLS to the servers, and who may do what with the records.
final class AccessTest {
  /// More than the servers agree to; a first handshake may take its time.
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /// For what does not succeed.
  private static final Duration SHORT = Duration.ofSeconds(1);

  @TempDir private static Path directory;
  private static Servers servers;

  private final Platform platform = JvmPlatform.open((thread, e) -> e.printStackTrace());

  @BeforeAll
  static void start() throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @Test
  void recordsOfAUserAreForThatUserOnly() throws IOException {
    Path ours = file("ours", "auth=digest:kelpie:pass:word");
    Path others = file("others", "auth=digest:kelpie:other");
    try (Route route = new Route(servers.ports());
        Coordination records = open(route, "/secret", ours);
        Coordination again = open(route, "/secret", ours);
        Presence _ = records.announce("live/a", new byte[0], () -> {}).orElseThrow()) {
      assertTrue(records.commit(List.of(new Put("a/b", Optional.of(new byte[1]), 0))));
      assertEquals(1, again.read("a/b").orElseThrow().version());
      assertTrue(again.commit(List.of(new Put("a/b", Optional.of(new byte[2]), 1))));
      IOException refused =
          assertThrows(IOException.class, () -> open(route, "/secret", others).close());
      assertTrue(refused.toString().contains("has no right to"), refused.toString());
      assertTrue(refused.toString().contains("/secret"), refused.toString());
      assertFalse(refused.toString().contains("other"), "a password is not for logs");
    }
  }

  @Test
  void tlsToAServerByWhoHasTheRightCertificate() throws Exception {
    Path good = new TestCertificates(directory).good();
    Path config = file("tls", tls(good, "auth=digest:kelpie:secret"));
    try (TlsServer server = new TlsServer(directory.resolve("tls-server"), good);
        Route route = new Route(List.of(server.port()));
        Coordination records = open(route, "/tls", config)) {
      assertTrue(records.commit(List.of(new Put("a", Optional.of(new byte[1]), 0))));
      route.breakConnections();
      assertEquals(1, records.read("a").orElseThrow().version());
      try (Presence presence = records.announce("live/a", new byte[0], () -> {}).orElseThrow()) {
        Handles.awaitRenewal(presence);
      }
    }
  }

  @Test
  void tlsKeepsOutWhoHasNot() throws Exception {
    TestCertificates certificates = new TestCertificates(directory);
    Path data = directory.resolve("strict-server");
    try (TlsServer server = new TlsServer(data, certificates.good());
        Route route = new Route(List.of(server.port()))) {
      refusesToTalk(route, file("stranger", tls(certificates.stranger())), true);
      refusesToTalk(route, file("pretender", tls(certificates.pretender())), true);
      refusesToTalk(route, file("plain"), false);
    }
    try (TlsServer server = new TlsServer(data, certificates.elsewhere());
        Route route = new Route(List.of(server.port()))) {
      refusesToTalk(route, file("other-host", tls(certificates.good())), true);
    }
  }

  /// @param tls whether certificates are worth a look
  private void refusesToTalk(Route route, Path config, boolean tls) {
    IOException refused =
        assertThrows(IOException.class, () -> open(route, "/tls", SHORT, config).close());
    assertTrue(
        refused.toString().contains("failed to connect to zk server " + route.servers()),
        refused.toString());
    assertEquals(
        tls, refused.toString().contains("accept each other's certificates"), refused.toString());
  }

  @Test
  void whatIsWrongWithTheFileIsSaid() throws IOException {
    try (Route route = new Route(servers.ports())) {
      refusal(route, directory.resolve("missing"), "missing");
      refusal(route, file("word", "auth=digest:kelpie"), "auth is to be digest:USER:PASSWORD");
      refusal(route, file("scheme", "auth=world:anyone:x"), "auth is to be");
      refusal(route, file("unknown", "user=kelpie"), "'user' is unknown");
      refusal(
          route,
          file(
              "no-store",
              "zookeeper.client.secure=true",
              "zookeeper.ssl.trustStore.location=" + directory.resolve("missing.pem")),
          "TLS to ZooKeeper cannot be set up");
    }
  }

  private void refusal(Route route, Path file, String why) {
    IOException refused = assertThrows(IOException.class, () -> open(route, "/x", file).close());
    assertTrue(refused.toString().contains(why), refused.toString());
    assertTrue(refused.toString().contains(file.toString()), refused.toString());
  }

  private Coordination open(Route route, String root, Path config) throws IOException {
    return open(route, root, TIMEOUT, config);
  }

  private Coordination open(Route route, String root, Duration timeout, Path config)
      throws IOException {
    return new ZooKeeperCoordination(
        platform,
        Log.NONE,
        new ZooKeeperOptions(route.servers(), root, timeout, Optional.of(config)));
  }

  private static String[] tls(Path from, String... more) throws IOException {
    List<String> lines = new ArrayList<>(List.of(more));
    lines.add("zookeeper.client.secure=true");
    lines.add("zookeeper.ssl.keyStore.location=" + TlsServer.keyAndCertificate(from, "client"));
    lines.add("zookeeper.ssl.trustStore.location=" + from.resolve("ca-cert.pem"));
    return lines.toArray(String[]::new);
  }

  private static Path file(String name, String... lines) throws IOException {
    return Files.write(directory.resolve(name + ".properties"), List.of(lines), UTF_8);
  }
}
