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
import org.junit.jupiter.params.provider.EnumSource;

/// Clients that leave in the midst of a word, talk nonsense, or never speak. After each test a good
/// client is served, and nothing has leaked. What is broken by chance comes in `dev.kelpie.fuzz`.
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(120)
final class BrokenClientsTest {
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

  @Test
  void aSessionMayBeCutAtEveryByte() throws IOException {
    byte[] session = session();
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
    byte[] session = session();
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
      for (byte b : session()) {
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

  @Test
  void requestsOfAllKindsWithAnyNumbersAreAnsweredAndInStep() throws IOException {
    RandomGenerator chance =
        Seeds.generator("requestsOfAllKindsWithAnyNumbersAreAnsweredAndInStep");
    try (NbdClient client = served.client(transport)) {
      for (int i = 0; i < 3000; i++) {
        int command =
            List.of(READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, 8, 99)
                .get(chance.nextInt(9));
        int flags = chance.nextInt(4) == 0 ? chance.nextInt(64) : 0;
        long offset = number(chance, ServedDisk.SIZE);
        int length = (int) number(chance, 100_000) & 0x1ffff;
        byte[] payload = command == WRITE ? new byte[length] : new byte[0];
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
  private static byte[] session() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(4).putInt(3).array());
    bytes.writeBytes(NbdClient.optionBytes(OPT_LIST));
    bytes.writeBytes(NbdClient.optionBytes(OPT_STRUCTURED_REPLY));
    bytes.writeBytes(
        NbdClient.optionBytes(OPT_SET_META_CONTEXT, NbdClient.contexts("vm", "base:allocation")));
    bytes.writeBytes(NbdClient.optionBytes(OPT_INFO, NbdClient.info("vm", 1, 2, 3)));
    bytes.writeBytes(NbdClient.optionBytes(OPT_GO, NbdClient.info("vm")));
    bytes.writeBytes(NbdClient.request(WRITE, 0, 1, 0, 3, (byte) 9, (byte) 9, (byte) 9));
    bytes.writeBytes(NbdClient.request(WRITE, FUA, 2, 10, 3, (byte) 8, (byte) 8, (byte) 8));
    bytes.writeBytes(NbdClient.request(READ, 0, 3, 0, 70_000));
    bytes.writeBytes(NbdClient.request(READ, 0, 4, 0, 100));
    bytes.writeBytes(NbdClient.request(BLOCK_STATUS, 0, 5, 0, 1 << 20));
    bytes.writeBytes(NbdClient.request(FLUSH, 0, 6, 0, 0));
    bytes.writeBytes(NbdClient.request(TRIM, 0, 7, 1 << 20, 1 << 20));
    bytes.writeBytes(NbdClient.request(WRITE_ZEROES, 0, 8, 1 << 20, 1 << 20));
    bytes.writeBytes(NbdClient.request(DISC, 0, 9, 0, 0));
    return bytes.toByteArray();
  }
}
