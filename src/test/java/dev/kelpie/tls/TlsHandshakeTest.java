package dev.kelpie.tls;

import static dev.kelpie.tls.Pair.ALL;
import static dev.kelpie.tls.Pair.ROOMY;
import static dev.kelpie.tls.Pair.started;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who comes to terms with whom, and what is said where they do not.
@Timeout(120)
final class TlsHandshakeTest {
  @TempDir static Path temp;

  private static Path good = Path.of("");
  private static Path pretender = Path.of("");
  private static Path expired = Path.of("");
  private static Path elsewhere = Path.of("");

  @BeforeAll
  static void makeCertificates() {
    TestCertificates certificates = new TestCertificates(temp);
    good = certificates.good();
    pretender = certificates.pretender();
    expired = certificates.expired();
    elsewhere = certificates.elsewhere();
  }

  /// Trusts everybody.
  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /// Always shows its certificate.
  private static final class Insisting extends X509ExtendedKeyManager {
    private final X509ExtendedKeyManager keys;

    Insisting(X509ExtendedKeyManager keys) {
      this.keys = keys;
    }

    @Override
    public String chooseEngineClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return "own";
    }

    @Override
    public String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return "own";
    }

    @Override
    public String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return "own";
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {"own"};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {"own"};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return keys.getCertificateChain(alias);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return keys.getPrivateKey(alias);
    }
  }

  private static SSLEngine withoutCertificate(String protocol) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Trusting()}, null);
    SSLEngine engine = context.createSSLEngine();
    engine.setEnabledProtocols(new String[] {protocol});
    return engine;
  }

  /// A client that shows what it has, and does not look at it before.
  private static SSLEngine showing(Path directory) throws Exception {
    var chain = pem(directory.resolve("client-cert.pem")).certificates();
    PrivateKey key = pem(directory.resolve("client-key.pem")).key(chain.getFirst().getPublicKey());
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("own", key, new char[0], chain.toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, new char[0]);
    // The library's key manager would not show what the server will not take.
    X509ExtendedKeyManager own = (X509ExtendedKeyManager) keys.getKeyManagers()[0];
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {new Insisting(own)}, new TrustManager[] {new Trusting()}, null);
    return context.createSSLEngine();
  }

  private static Pem pem(Path file) throws IOException {
    return Pem.of(file.toString(), Files.readAllBytes(file));
  }

  private static FutureTask<String> handshakeOf(TlsConnection side) {
    return started(() -> {
      side.handshake();
      return side.description();
    });
  }

  private static String failureOf(FutureTask<String> handshake) {
    Throwable cause = assertThrows(ExecutionException.class, handshake::get).getCause();
    return assertInstanceOf(TlsFailure.class, cause).text();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void bothSidesKnowWhoTheOtherIs(String protocol) throws Exception {
    Pair pair = Pair.shaken(good, protocol, ROOMY, ALL);
    assertEquals(protocol + ", CN=the client", pair.server.description());
    assertEquals(protocol + ", CN=the server", pair.client.description());
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aClientWithoutCertificateIsRefusedAndToldSo(String protocol) throws Exception {
    Pair pair = new Pair(new Pipe(ROOMY, ALL), good, withoutCertificate(protocol));
    FutureTask<String> server = handshakeOf(pair.server);
    FutureTask<Integer> client =
        started(() -> {
          pair.client.handshake();
          return pair.client.read(ByteBuffer.allocate(1)); // TLS 1.3 tells here
        });
    assertEquals("showed no certificate", failureOf(server));
    String told = String.valueOf(assertThrows(ExecutionException.class, client::get).getCause());
    assertTrue(told.contains("alert"), told);
  }

  @Test
  void nothingOlderThanTls12IsSpoken() throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    FutureTask<String> serving =
        handshakeOf(TestTls.server(good).server(pipe.server, ByteBuffer.allocate(0)));
    // A ClientHello of TLS 1.1: version, random, no session, one suite, no compression.
    ByteBuffer hello = ByteBuffer.allocate(5 + 4 + 41);
    hello.put(new byte[] {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2});
    hello.position(hello.position() + 32).put(new byte[] {0, 0, 2, 0, 47, 1, 0});
    pipe.client.write(hello.flip());
    String text = failureOf(serving);
    assertTrue(text.contains("TLSv1.1 is not enabled"), text);
  }

  @Test
  void whoseCertificateIsNotRightIsRefusedByNameAndReason() throws Exception {
    String stranger = refusal(pretender);
    assertTrue(
        stranger.startsWith("showed a certificate that is not accepted: CN=the client, "),
        stranger);
    assertTrue(stranger.endsWith("is not signed by an authority that is trusted here"), stranger);
    String late = refusal(expired);
    assertTrue(late.contains("CN=the client, which has expired ("), late);
  }

  private static String refusal(Path client) throws Exception {
    Pair pair = new Pair(new Pipe(ROOMY, ALL), good, showing(client));
    FutureTask<String> serving = handshakeOf(pair.server);
    FutureTask<String> asking = handshakeOf(pair.client);
    String text = failureOf(serving);
    pair.server.close();
    Await.until("the client has ended", asking::isDone);
    return text;
  }

  @Test
  void aClientLooksAtTheServersName() throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    TlsConnection server = TestTls.server(elsewhere).server(pipe.server, ByteBuffer.allocate(0));
    TlsConnection client = TestTls.client(good).client(pipe.client, "127.0.0.1", 1);
    FutureTask<String> serving = handshakeOf(server);
    String text = failureOf(handshakeOf(client));
    assertTrue(text.contains("CN=the server") && text.contains("127.0.0.1"), text);
    String told = failureOf(serving);
    assertTrue(told.startsWith("broke the TLS handshake off with the alert"), told);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "0:0:0:0:0:0:0:1"})
  void namesAndAddressesOfTheCertificateAreRight(String host) throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    FutureTask<String> serving =
        handshakeOf(TestTls.server(good).server(pipe.server, ByteBuffer.allocate(0)));
    TlsConnection client = TestTls.client(good).client(pipe.client, host, 1);
    client.handshake();
    assertTrue(serving.get().contains("CN=the client"));
  }

  @Test
  void garbageIsRefused() throws Exception {
    for (String garbage : new String[] {"GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001\0\5hello"}) {
      Pipe pipe = new Pipe(ROOMY, ALL);
      TlsConnection server = TestTls.server(good).server(pipe.server, ByteBuffer.allocate(0));
      pipe.client.write(ByteBuffer.wrap(garbage.getBytes(StandardCharsets.ISO_8859_1)));
      FutureTask<String> serving = handshakeOf(server);
      pipe.client.shutdownOutput();
      Throwable why = assertThrows(ExecutionException.class, serving::get).getCause();
      assertInstanceOf(IOException.class, why);
    }
  }

  @Test
  void whatWasReadBeforeBelongsToTheHandshake() throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    TlsConnection client = TestTls.client(good).client(pipe.client, "localhost", 1);
    FutureTask<String> asking = handshakeOf(client);
    ByteBuffer first = ByteBuffer.allocate(100);
    while (first.position() < 2) {
      assertTrue(pipe.server.read(first) > 0);
    }
    TlsConnection server = TestTls.server(good).server(pipe.server, first.flip());
    server.handshake();
    assertTrue(asking.get().contains("CN=the server"));
  }

  @Test
  void plainBytesBeforeTheHandshakeAreNotPassedOver() throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    ByteBuffer injected = ByteBuffer.wrap("IHAVEOPT".getBytes(StandardCharsets.US_ASCII));
    assertEquals(
        "sent something that is not TLS",
        failureOf(handshakeOf(TestTls.server(good).server(pipe.server, injected))));
    assertThrows(
        TlsFailure.class,
        () -> TestTls.server(good).server(pipe.server, ByteBuffer.allocate(100_000)));
  }

  @Test
  void aClientThatLeavesIsNoFailureOfTls() throws Exception {
    Pipe pipe = new Pipe(ROOMY, ALL);
    FutureTask<String> serving =
        handshakeOf(TestTls.server(good).server(pipe.server, ByteBuffer.allocate(0)));
    pipe.client.shutdownOutput();
    assertInstanceOf(
        EOFException.class, assertThrows(ExecutionException.class, serving::get).getCause());
  }
}
