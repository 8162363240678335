package dev.kelpie.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What a client sends, through a buffer that grows and shrinks.
final class InboxTest {
  private static final int SMALL = 8;
  private static final int LARGE = 32;

  private final FakeConnection connection = new FakeConnection();
  private int loans;
  private final ElasticBuffer buffer =
      new ElasticBuffer(ByteBuffer.allocate(SMALL), () -> Optional.of(lend()));
  private final Inbox inbox = new Inbox(new Line(connection, new ManualClock()), buffer);

  private ElasticBuffer.Loan lend() {
    loans++;
    return new ElasticBuffer.Loan(ByteBuffer.allocate(LARGE), () -> loans--);
  }

  @Test
  void bytesAreAtHandUntilTheyAreTaken() throws IOException {
    connection.say(bytes(0, 3)).say(bytes(3, 5));
    assertTrue(inbox.fill());
    assertTrue(inbox.has(3) && !inbox.has(4));
    assertEquals(0, inbox.bytes().get());
    assertTrue(inbox.fill());
    assertArrayEquals(bytes(1, 7), rest());
    assertFalse(inbox.fill());
  }

  @Test
  void aPayloadIsTakenFromWhatIsAtHandAndFromTheLine() throws IOException {
    connection.say(bytes(0, 5)).say(bytes(5, 10)).say(bytes(15, 4));
    assertTrue(inbox.fill());
    ByteBuffer payload = ByteBuffer.allocate(17);
    assertTrue(inbox.take(payload));
    assertArrayEquals(bytes(0, 17), payload.array());
    assertTrue(inbox.fill());
    assertArrayEquals(bytes(17, 2), rest());
    assertFalse(inbox.take(ByteBuffer.allocate(1)));
  }

  @Test
  void bytesAreSkippedAtHandAndStillToCome() throws IOException {
    connection.say(bytes(0, 5)).say(bytes(5, 10));
    assertTrue(inbox.fill());
    assertTrue(inbox.skip(11));
    assertTrue(inbox.has(1));
    assertEquals(11, inbox.bytes().get());
    assertFalse(inbox.skip(Long.MAX_VALUE));
  }

  @Test
  void whoSendsMoreThanFitsGetsALargeBufferAndLosesNothing() throws IOException {
    connection.say(bytes(0, 40));
    assertTrue(inbox.fill());
    assertEquals(0, loans);
    inbox.bytes().position(3);
    assertTrue(inbox.fill());
    assertEquals(1, loans);
    assertArrayEquals(bytes(3, LARGE), rest());
  }

  @Test
  void thereIsRoomForAsMuchAsTheLargeBufferHolds() throws IOException {
    connection.say(bytes(0, 2));
    assertTrue(inbox.fill());
    assertTrue(inbox.canHold(LARGE));
    assertFalse(inbox.canHold(LARGE + 1));
    assertArrayEquals(bytes(0, 2), rest());
  }

  @Test
  void whoFallsQuietGivesTheLargeBufferBack() throws IOException {
    assertTrue(inbox.canHold(LARGE));
    assertEquals(1, loans);
    for (int i = 0; i < 20; i++) {
      connection.say((byte) i);
      assertTrue(inbox.fill());
      assertArrayEquals(new byte[] {(byte) i}, rest());
    }
    assertEquals(0, loans);
  }

  @Test
  void aClosedInboxHoldsNothing() {
    assertTrue(inbox.canHold(LARGE));
    inbox.close();
    assertEquals(0, loans);
  }

  /// Takes all that is at hand.
  private byte[] rest() {
    byte[] bytes = new byte[inbox.bytes().remaining()];
    inbox.bytes().get(bytes);
    return bytes;
  }

  private static byte[] bytes(int from, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (from + i);
    }
    return bytes;
  }
}
