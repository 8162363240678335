package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import dev.kelpie.tls.TlsPolicy;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// TLS and plain requests on one port.
@Timeout(60)
final class EncryptedClientsTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(0x123456), 0);
  private static final byte[] HALF_A_HELLO = {22, 3, 1, 1, 0, 1};

  @TempDir static Path temp;

  private static Path good = Path.of("");

  private final ManualClock clock = new ManualClock();

  @BeforeAll
  static void makeCertificates() {
    good = new TestCertificates(temp).good();
  }

  private Rig rig(boolean required, SheepdogConfig config) throws IOException {
    TlsPolicy policy = new TlsPolicy(TestTls.server(good), required);
    return Rig.withAccess(config, clock, new Access(_ -> true, Optional.of(policy)));
  }

  private static void assertWarns(Rig rig, String words) {
    Await.until("the log says so", () -> !rig.log.messages(Level.WARN).isEmpty());
    String said = rig.log.messages(Level.WARN).getLast();
    assertTrue(said.contains(words), said);
  }

  @Test
  void requestsAreServedInTls() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults())) {
      StrictClient client = rig.client(TestTls.client(good));
      byte[] data = new byte[ObjectId.DATA_SIZE];
      new Random(3).nextBytes(data);
      client.create(OBJECT, 0, 0, data).is(ResultCode.SUCCESS);
      StrictClient.Answer answer = client.read(OBJECT, 0, 0, data.length);
      answer.is(ResultCode.SUCCESS);
      assertArrayEquals(data, answer.bytes());
    }
  }

  @Test
  void plainRequestsAreCutOffWhereTlsIsRequired() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults())) {
      StrictClient client = rig.client();
      client.sendBytes(new byte[] {1, 0});
      client.assertClosed();
      assertWarns(rig, "came without TLS, which is required here");
    }
  }

  @Test
  void plainRequestsAreServedOnUnixSocketsAndWhereTlsIsOnlyOffered() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults());
        Rig offering = rig(false, SheepdogConfig.defaults())) {
      StrictClient local = rig.client(rig.listen(new Endpoint.Unix(temp.resolve("sock"))));
      local.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      offering.client().create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      offering.client(TestTls.client(good)).read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      assertEquals(0, rig.log.messages(Level.WARN).size());
    }
  }

  @Test
  void whoLeavesBeforeSayingEnoughIsNoNews() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults())) {
      StrictClient client = rig.client();
      client.sendBytes(new byte[] {22});
      client.shutdownOutput();
      client.assertClosed();
      Await.until("it has left", () -> rig.server.clients() == 0);
      assertEquals(0, rig.log.messages(Level.WARN).size());
    }
  }

  @Test
  void aHandshakeThatDoesNotEndIsCut() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults())) {
      StrictClient client = rig.client();
      client.sendBytes(HALF_A_HELLO);
      Await.until("it has come", () -> rig.server.clients() == 1);
      Await.until(
          "it is cut off",
          () -> {
            clock.advance(Duration.ofSeconds(61));
            return rig.server.clients() == 0;
          });
      assertWarns(rig, "did not finish its TLS handshake in time");
      client.assertClosed();
    }
  }

  @Test
  void whoIsStillShakingHandsIsTurnedOutForOthers() throws IOException {
    try (Rig rig = rig(true, new SheepdogConfig(1, 16 << 20))) {
      StrictClient stalling = rig.client();
      stalling.sendBytes(HALF_A_HELLO);
      rig.client(TestTls.client(good)).create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      stalling.assertClosed();
    }
  }

  @Test
  void theEndOfTheServerEndsHandshakes() throws IOException {
    try (Rig rig = rig(true, SheepdogConfig.defaults())) {
      StrictClient client = rig.client();
      client.sendBytes(HALF_A_HELLO);
      Await.until("it has come", () -> rig.server.clients() == 1);
      assertTrue(rig.server.drain(Duration.ofSeconds(30)));
      client.assertClosed();
    }
  }
}
