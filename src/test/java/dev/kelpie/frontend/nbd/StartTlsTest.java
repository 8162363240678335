package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.OptionReply;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.tls.TlsPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
final class StartTlsTest {
  @TempDir static Path temp;

  private static Path good = Path.of("");

  private final ManualClock clock = new ManualClock();

  @BeforeAll
  static void makeCertificates() {
    good = new TestCertificates(temp).good();
  }

  private ServedDisk served(boolean required) throws IOException {
    TlsPolicy policy = new TlsPolicy(TestTls.server(good), required);
    return new ServedDisk(new Access(_ -> true, Optional.of(policy)), clock);
  }

  private static TlsContext ours() {
    return TestTls.client(good);
  }

  private static int refusal(NbdClient client, int option, byte... data) throws IOException {
    List<OptionReply> replies = client.option(option, data);
    assertEquals(1, replies.size());
    return replies.getFirst().type();
  }

  @Test
  void beforeTlsEveryOptionIsToldThatTlsIsDue() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet()) {
      byte[] contexts = NbdClient.contexts("vm", "base:allocation");
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_LIST));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_INFO, NbdClient.info("vm")));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_GO, NbdClient.info("vm")));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_STRUCTURED_REPLY));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_EXTENDED_HEADERS));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_LIST_META_CONTEXT, contexts));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_SET_META_CONTEXT, contexts));
      assertEquals(ERR_TLS_REQD, refusal(client, 12345, new byte[10]));
      assertEquals(ERR_TLS_REQD, refusal(client, OPT_LIST, new byte[100_000]));
      assertEquals(ERR_INVALID, refusal(client, OPT_STARTTLS, new byte[1]));
      assertEquals(List.of(), served.exports.openings());
      client.startTls(ours()).structured().allocation("vm").go("vm");
      client.write(12345, new byte[] {1, 2, 3});
      assertEquals(3, client.read(12345, 3).length);
    }
  }

  @Test
  void abortNeedsNoTls() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet()) {
      assertEquals(REP_ACK, refusal(client, OPT_ABORT));
      client.expectEnd();
    }
  }

  @Test
  void theOptionThatKnowsNoRefusalIsCutOff() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet()) {
      client.sendOption(OPT_EXPORT_NAME, (byte) 'v', (byte) 'm');
      client.expectEnd();
      Await.until("the log says so", () -> served.log.at(Level.WARN).size() == 1);
      assertTrue(served.log.at(Level.WARN).getFirst().contains("without TLS"));
    }
  }

  @ParameterizedTest
  @CsvSource({"TCP,false", "UNIX,true", "UNIX,false"})
  void whereTlsIsOnlyOfferedBothKindsAreServed(Transport transport, boolean required)
      throws IOException {
    try (ServedDisk served = served(required);
        NbdClient plain = served.client(transport);
        NbdClient encrypted = served.stranger(transport).greet().startTls(ours())) {
      plain.write(0, new byte[] {7});
      encrypted.go("vm");
      assertEquals(7, encrypted.read(0, 1)[0]);
      List<String> said = served.log.at(Level.INFO);
      assertTrue(said.getLast().endsWith(" uses vm over TLSv1.3, CN=the client"), said.getLast());
    }
  }

  @Test
  void whatWasSettledBeforeIsForgotten() throws IOException {
    try (ServedDisk served = served(false);
        NbdClient client = served.stranger(Transport.TCP).greet().structured().allocation("vm")) {
      client.startTls(ours());
      int flags = client.go("vm").flags();
      assertEquals(0, flags & 1 << 7, "DF is for structured replies");
      assertEquals(4096, client.read(0, 4096).length); // a simple reply, or the client objects
      assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
    }
  }

  @Test
  void metaContextsOfBeforeAreForgottenToo() throws IOException {
    try (ServedDisk served = served(false);
        NbdClient client = served.stranger(Transport.TCP).greet().structured().allocation("vm")) {
      client.startTls(ours()).structured().go("vm");
      assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
    }
  }

  @Test
  void extendedHeadersOfBeforeAreForgottenToo() throws IOException {
    try (ServedDisk served = served(false);
        NbdClient client =
            served.stranger(Transport.TCP).greet().extendedHeaders().allocation("vm")) {
      client.startTls(ours());
      assertEquals(0, client.go("vm").flags() & (1 << 7 | 1 << 12), "flags of what was before");
      assertEquals(4096, client.read(0, 4096).length); // a simple reply, or the client objects
      assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
    }
  }

  @Test
  void extendedHeadersCanBeAgreedOnInTls() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet().startTls(ours())) {
      client.extendedHeaders().allocation("vm").go("vm");
      client.write(12345, new byte[] {1, 2, 3});
      assertEquals(3, client.read(12345, 3).length);
      NbdClient.good(client.call(BLOCK_STATUS, 0, 0, ServedDisk.SIZE));
    }
  }

  @Test
  void startTlsComesOnce() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet().startTls(ours())) {
      assertEquals(ERR_INVALID, refusal(client, OPT_STARTTLS));
      client.go("vm");
    }
  }

  @Test
  void optionsThatWereSentAlongInPlainBytesAreNeverCarriedOut() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet()) {
      ByteBuffer both = ByteBuffer.allocate(16 + 16 + 8);
      both.putLong(0x49484156454f5054L).putInt(OPT_STARTTLS).putInt(0);
      both.putLong(0x49484156454f5054L).putInt(OPT_GO).putInt(8).put(NbdClient.info("vm"));
      client.sendRaw(both.array());
      List<OptionReply> replies = client.optionReplies(OPT_STARTTLS);
      assertEquals(REP_ACK, replies.getLast().type());
      assertEquals(21, client.take(7)[0], "an alert");
      client.shutdownOutput();
      client.expectEnd();
      Await.until("the log says so", () -> served.log.at(Level.WARN).size() == 1);
      assertTrue(served.log.at(Level.WARN).getFirst().contains("sent something that is not TLS"));
      assertEquals(List.of(), served.exports.openings());
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aHandshakeThatDoesNotEndIsCut(Transport transport) throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(transport).greet()) {
      client.option(OPT_STARTTLS);
      client.sendRaw(new byte[] {22, 3, 1, 1, 0});
      clock.advance(Duration.ofSeconds(61));
      client.expectEnd();
      Await.until("nobody is left", () -> served.server.clients() == 0);
    }
  }

  @Test
  void theEndOfTheServerEndsHandshakes() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet()) {
      client.option(OPT_STARTTLS);
      client.sendRaw(new byte[] {22, 3, 1, 1, 0});
      Thread ending = Thread.ofVirtual().start(() -> served.server.drain(Duration.ofSeconds(30)));
      client.expectEnd();
      client.shutdownOutput();
      Await.until("the server has ended", () -> !ending.isAlive());
    }
  }

  @Test
  void aDrainSaysGoodbyeInTls() throws IOException {
    try (ServedDisk served = served(true);
        NbdClient client = served.stranger(Transport.TCP).greet().startTls(ours())) {
      client.go("vm");
      Thread ending = Thread.ofVirtual().start(() -> served.server.drain(Duration.ofSeconds(30)));
      client.expectGoodbye();
      client.shutdownOutput();
      Await.until("the server has ended", () -> !ending.isAlive());
    }
  }
}
