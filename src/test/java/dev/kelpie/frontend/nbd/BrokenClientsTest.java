package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Clients that leave in the midst of a word, talk nonsense, or never speak. After each test a good
/// client is served, and nothing has leaked. What is broken by chance comes in `dev.kelpie.fuzz`.
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
final class BrokenClientsTest {
  private static final int FUZZED_SESSIONS = 400;

  private final Transport transport;
  private final ServedDisk served = new ServedDisk();

  BrokenClientsTest(Transport transport) throws IOException {
    this.transport = transport;
  }

  @AfterEach
  void close() throws IOException {
    try (NbdClient good = served.client(transport)) {
      good.write(99, (byte) 5);
      assertEquals(5, good.read(99, 1)[0]);
    }
    served.awaitNobody();
    served.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSessionMayBeCutAtEveryByte(boolean extended) throws IOException {
    byte[] session = session(extended);
    for (int length = 0; length < session.length; length++) {
      try (NbdClient client = served.stranger(transport)) {
        client.sendRaw(Arrays.copyOf(session, length));
        client.shutdownOutput();
        drainAnswers(client);
      }
    }
    served.awaitNobody();
    assertEquals(served.disk.closed(), (int) opened());
  }

  @Test
  void aSessionMayBeResetAtEveryByte() throws IOException {
    byte[] session = session(false);
    for (int length = 0; length < session.length; length++) {
      try (NbdClient client = served.stranger(transport)) {
        client.sendRaw(Arrays.copyOf(session, length));
      }
    }
    served.awaitNobody();
    assertEquals(0, served.disk.open());
  }

  @Test
  void aSessionMayComeByteByByte() throws IOException {
    try (NbdClient client = served.stranger(transport)) {
      for (byte b : session(false)) {
        client.sendRaw(b);
      }
      drainAnswers(client);
    }
    assertArrayEquals(new byte[] {9, 9, 9}, served.disk.bytes(0, 3));
  }

  @Test
  void aWriteThatDidNotArriveWholeIsNotDone() throws IOException {
    for (int length : List.of(10, 70_000, 2 << 20)) {
      try (NbdClient client = served.client(transport)) {
        byte[] cut = new byte[length - 1];
        Arrays.fill(cut, (byte) 1);
        client.send(WRITE, 0, 4096, length, cut);
        client.shutdownOutput();
        client.expectEnd();
      }
    }
    served.awaitNobody();
    assertTrue(served.disk.calls().stream().noneMatch(call -> call.kind() == Kind.WRITE));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sessionsWithFaultsDoNoHarm(boolean extended) throws IOException {
    RandomGenerator chance = Seeds.generator("sessionsWithFaultsDoNoHarm");
    byte[] session = session(extended);
    for (int i = 0; i < FUZZED_SESSIONS; i++) {
      byte[] faulty = session.clone();
      for (int faults = 1 + chance.nextInt(4); faults > 0; faults--) {
        int at = chance.nextInt(faulty.length);
        faulty[at] = (byte) (chance.nextBoolean() ? chance.nextInt() : faulty[at] ^ 1);
      }
      talk(faulty);
    }
  }

  @ParameterizedTest
  @EnumSource(Framing.class)
  void requestsOfAllKindsWithAnyNumbersAreAnsweredAndInStep(Framing framing) throws IOException {
    RandomGenerator chance =
        Seeds.generator("requestsOfAllKindsWithAnyNumbersAreAnsweredAndInStep");
    try (NbdClient client = served.client(transport, framing)) {
      for (int i = 0; i < 3000; i++) {
        int command =
            List.of(READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, 8, 99)
                .get(chance.nextInt(9));
        int flags = chance.nextInt(4) == 0 ? chance.nextInt(64) : 0;
        long offset = number(chance, ServedDisk.SIZE);
        boolean extended = framing == Framing.EXTENDED;
        boolean payloadSaid = extended && (flags & PAYLOAD_LEN) != 0;
        boolean carries = command == WRITE || payloadSaid;
        long length = number(chance, 100_000);
        length = extended && !carries ? length : length & 0x1ffff;
        byte[] payload = carries ? new byte[(int) length] : new byte[0];
        client.call(command, flags, offset, length, payload);
      }
    }
  }

  private static long number(RandomGenerator chance, long usual) {
    return switch (chance.nextInt(6)) {
      case 0 -> 0;
      case 1 -> usual;
      case 2 -> usual - chance.nextInt(100);
      case 3 -> chance.nextLong();
      default -> chance.nextLong(usual);
    };
  }

  private void talk(byte[] bytes) throws IOException {
    try (NbdClient client = served.stranger(transport)) {
      try {
        client.sendRaw(bytes);
        client.shutdownOutput();
      } catch (IOException cutOff) {
        return;
      }
      drainAnswers(client);
    }
  }

  /// Takes whatever comes until the server hangs up.
  private static void drainAnswers(NbdClient client) {
    try {
      while (true) {
        client.take(1);
      }
    } catch (IOException _) {
      // Either way of ending will do.
    }
  }

  private long opened() {
    return served.exports.openings().size();
  }

  /// A whole session of a modern client, as bytes.
  private static byte[] session(boolean extended) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(4).putInt(3).array());
    bytes.writeBytes(NbdClient.optionBytes(OPT_LIST));
    bytes.writeBytes(NbdClient.optionBytes(extended ? OPT_EXTENDED_HEADERS : OPT_STRUCTURED_REPLY));
    bytes.writeBytes(
        NbdClient.optionBytes(
            OPT_SET_META_CONTEXT,
            NbdClient.contexts("vm", "base:allocation", "qemu:allocation-depth")));
    bytes.writeBytes(NbdClient.optionBytes(OPT_INFO, NbdClient.info("vm", 1, 2, 3)));
    bytes.writeBytes(NbdClient.optionBytes(OPT_GO, NbdClient.info("vm")));
    for (byte[] request : extended ? extendedRequests() : requests()) {
      bytes.writeBytes(request);
    }
    return bytes.toByteArray();
  }

  private static List<byte[]> requests() {
    return List.of(
        NbdClient.request(WRITE, 0, 1, 0, 3, (byte) 9, (byte) 9, (byte) 9),
        NbdClient.request(WRITE, FUA, 2, 10, 3, (byte) 8, (byte) 8, (byte) 8),
        NbdClient.request(READ, 0, 3, 0, 70_000),
        NbdClient.request(READ, 0, 4, 0, 100),
        NbdClient.request(BLOCK_STATUS, 0, 5, 0, 1 << 20),
        NbdClient.request(FLUSH, 0, 6, 0, 0),
        NbdClient.request(TRIM, 0, 7, 1 << 20, 1 << 20),
        NbdClient.request(WRITE_ZEROES, 0, 8, 1 << 20, 1 << 20),
        NbdClient.request(DISC, 0, 9, 0, 0));
  }

  private static List<byte[]> extendedRequests() {
    byte[] nines = {9, 9, 9};
    byte[] filter = ByteBuffer.allocate(12).putLong(1 << 20).putInt(2).array();
    return List.of(
        NbdClient.extendedRequest(WRITE, PAYLOAD_LEN, 1, 0, 3, nines),
        NbdClient.extendedRequest(WRITE, PAYLOAD_LEN | FUA, 2, 10, 3, nines),
        NbdClient.extendedRequest(READ, 0, 3, 0, 70_000),
        NbdClient.extendedRequest(READ, 0, 4, 0, 100),
        NbdClient.extendedRequest(BLOCK_STATUS, 0, 5, 0, 1 << 20),
        NbdClient.extendedRequest(BLOCK_STATUS, PAYLOAD_LEN, 6, 0, 12, filter),
        NbdClient.extendedRequest(TRIM, PAYLOAD_LEN, 7, 0, 3, nines),
        NbdClient.extendedRequest(TRIM, 0, 8, 1 << 20, 1 << 20),
        NbdClient.extendedRequest(DISC, 0, 9, 0, 0));
  }
}
