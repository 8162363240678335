package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DeviceCall;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Reply;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/// Every request that cannot be done gets the right error, and the stream stays in step: each test
/// ends with a write that is read back.
@ParameterizedClass
@CsvSource({
  "TCP, SIMPLE",
  "TCP, STRUCTURED",
  "TCP, EXTENDED",
  "UNIX, SIMPLE",
  "UNIX, STRUCTURED",
  "UNIX, EXTENDED"
})
@Timeout(120)
final class RequestErrorsTest {
  private static final int MIB = 1 << 20;
  private static final long END = ServedDisk.SIZE;

  private final Framing framing;
  private final ServedDisk served = new ServedDisk();
  private final NbdClient client;

  RequestErrorsTest(Transport transport, Framing framing) throws IOException {
    this.framing = framing;
    this.client = served.client(transport, framing);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.disk.hook(_ -> true);
    served.close();
  }

  private void assertInStep() throws IOException {
    served.disk.hook(_ -> true);
    served.disk.readOnly(false);
    client.write(12345, new byte[] {4, 5, 6});
    assertArrayEquals(new byte[] {4, 5, 6}, client.read(12345, 3));
  }

  @Test
  void unknownCommands() throws IOException {
    for (int command : List.of(8, 9, 255, 65535)) {
      assertError(EINVAL, "command " + command, client.call(command, 0, 0, 0));
    }
    assertInStep();
  }

  @Test
  void unknownFlags() throws IOException {
    for (int command : List.of(READ, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS)) {
      assertError(EINVAL, "flags 0x8000", client.call(command, 0x8000, 0, 0));
    }
    if (framing == Framing.EXTENDED) {
      assertError(EINVAL, "flags 0x60", client.call(WRITE, 0x40, 0, 3, new byte[3]));
    } else {
      assertError(EINVAL, "flags 0x20", client.call(WRITE, PAYLOAD_LEN, 0, 3, new byte[3]));
      assertError(EINVAL, "flags 0x20", client.call(TRIM, PAYLOAD_LEN, 0, 3));
    }
    assertError(
        EINVAL,
        framing == Framing.EXTENDED ? "flags 0x22" : "flags 0x2",
        client.call(WRITE, NO_HOLE, 0, 3, new byte[3]));
    assertError(EINVAL, "flags 0x8", client.call(READ, REQ_ONE, 0, 1));
    assertError(EINVAL, "flags 0x4", client.call(WRITE_ZEROES, DF, 0, 1));
    assertInStep();
  }

  @Test
  void rangesThatPassTheEnd() throws IOException {
    for (int command : List.of(READ, TRIM, CACHE)) {
      assertError(EINVAL, "end of the disk", client.call(command, 0, END, 1));
      assertError(EINVAL, "end of the disk", client.call(command, 0, END - 1, 2));
      assertError(EINVAL, "end of the disk", client.call(command, 0, -1, 1));
      assertError(EINVAL, "end of the disk", client.call(command, 0, Long.MAX_VALUE, 1));
      assertError(EINVAL, "end of the disk", client.call(command, 0, END + 1, 0));
    }
    assertError(ENOSPC, "end of the disk", client.call(WRITE, 0, END, 1, (byte) 1));
    assertError(ENOSPC, "end of the disk", client.call(WRITE, 0, -8, 16, new byte[16]));
    assertError(ENOSPC, "end of the disk", client.call(WRITE_ZEROES, 0, END - 1, 2));
    assertError(ENOSPC, "end of the disk", client.call(WRITE_ZEROES, 0, 0, 0xffff_ffffL));
    assertInStep();
  }

  @Test
  void payloadsThatAreTooLong() throws IOException {
    int tooLong = 32 * MIB + 1;
    assertError(EINVAL, "longer than", client.call(READ, 0, 0, tooLong));
    assertError(EINVAL, "longer than", client.call(READ, 0, 0, 0xffff_ffffL));
    if (framing.chunks()) {
      assertError(EOVERFLOW, "longer than", client.call(READ, DF, 0, tooLong));
    }
    assertError(EINVAL, "longer than", client.call(WRITE, 0, 0, tooLong, new byte[tooLong]));
    assertEquals(List.of(), served.disk.calls());
    assertInStep();
  }

  @Test
  void aPayloadBeyondReasonEndsTheSession() throws IOException {
    long cookie = client.send(WRITE, 0, 0, 64 * MIB + 1);
    assertEquals(cookie, assertError(EINVAL, "longer than", client.receive()).cookie());
    client.expectEnd();
    served.awaitNobody();
    assertTrue(served.log.at(Level.WARN).toString().contains("a payload of 67108865 bytes"));
  }

  @Test
  void whatIsNoRequestEndsTheSession() throws IOException {
    client.sendRead(0, 1);
    client.sendRaw(new byte[framing.requestSize()]);
    client.receive();
    client.expectEnd();
    served.awaitNobody();
    assertTrue(served.log.at(Level.WARN).toString().contains("request was due"));
  }

  @Test
  void writesToAReadOnlyDisk() throws IOException {
    served.disk.readOnly(true);
    assertError(EPERM, "read-only", client.call(WRITE, 0, 0, 5, new byte[5]));
    assertError(EPERM, "read-only", client.call(WRITE, 0, 0, MIB, new byte[MIB]));
    assertError(EPERM, "read-only", client.call(TRIM, 0, 0, 5));
    assertError(EPERM, "read-only", client.call(WRITE_ZEROES, 0, 0, 5));
    client.read(0, 5);
    assertEquals(1, served.disk.calls().size());
    assertInStep();
  }

  @Test
  void aFlushWithARange() throws IOException {
    assertError(EINVAL, "whole disk", client.call(FLUSH, 0, 0, 1));
    assertError(EINVAL, "whole disk", client.call(FLUSH, 0, 1, 0));
    assertInStep();
  }

  @Test
  void aBlockStatusOfNothing() throws IOException {
    assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 0).error());
    assertInStep();
  }

  @Test
  void failuresOfTheDiskAreEio() throws IOException {
    fail(new IOException("the platter fell off"));
    assertEverythingFails(EIO, "vm: the platter fell off");
    assertInStep();
  }

  @Test
  void aFullDeviceIsEnospc() throws IOException {
    fail(new Disk.NoSpace("no room for object 7"));
    assertEverythingFails(ENOSPC, "vm: no room for object 7");
    assertInStep();
  }

  @Test
  void aFailureWithoutWordsIsNamedByItsKind() throws IOException {
    fail(new java.io.EOFException());
    assertEverythingFails(EIO, "vm: java.io.EOFException");
    assertInStep();
  }

  @Test
  void aTextThatIsTooLongIsCutBetweenCharacters() throws IOException {
    fail(new IOException("ü".repeat(3000)));
    Reply reply = client.call(READ, 0, 0, 1);
    assertEquals(EIO, reply.error());
    assertEquals(framing.chunks() ? "vm: " + "ü".repeat(510) : "", reply.text());
    assertInStep();
  }

  @Test
  void failuresThatComeWithTime() throws IOException {
    served.disk.hook(call -> {
      if (call.patience() == dev.kelpie.object.Patience.NOW) {
        return false;
      }
      throw new IOException("in the end it failed");
    });
    assertEverythingFails(EIO, "in the end it failed");
    assertInStep();
  }

  @Test
  void aFloodOfFailuresIsOneLineInTheLog() throws IOException {
    fail(new IOException("the platter fell off"));
    for (int i = 0; i < 500; i++) {
      client.call(READ, 0, 0, 1);
    }
    assertEquals(1, served.log.at(Level.ERROR).size(), served.log.at(Level.ERROR).toString());
    assertInStep();
  }

  @Test
  void aFailureToCloseIsLogged() throws IOException {
    served.disk.hook(call -> {
      if (call.kind() == Kind.CLOSE) {
        throw new IOException("the last flush failed");
      }
      return true;
    });
    client.close();
    served.awaitNobody();
    assertTrue(served.log.at(Level.ERROR).toString().contains("the last flush failed"));
  }

  @Test
  void aBugInATaskIsAnErrorForTheClientAndIsNotHidden() throws IOException {
    served.disk.hook(call -> {
      if (call.kind() == Kind.FLUSH) {
        throw new IllegalStateException("a bug");
      }
      return true;
    });
    assertError(EIO, "internal error", client.call(FLUSH, 0, 0, 0));
    assertInStep();
    Await.until("it has left its task", () -> served.world.failures().size() == 1);
    assertTrue(served.world.failures().getFirst() instanceof IllegalStateException);
    served.world.forgetFailures();
  }

  private void assertEverythingFails(int error, String text) throws IOException {
    assertError(error, text, client.call(READ, 0, 0, 1));
    assertError(error, text, client.call(READ, 0, 0, MIB));
    assertError(error, text, client.call(WRITE, 0, 0, 1, (byte) 1));
    assertError(error, text, client.call(WRITE, FUA, 0, 1, (byte) 1));
    assertError(error, text, client.call(WRITE, 0, 0, MIB, new byte[MIB]));
    assertError(error, text, client.call(FLUSH, 0, 0, 0));
    assertError(error, text, client.call(TRIM, 0, 0, 1));
    assertError(error, text, client.call(CACHE, 0, 0, 1));
    assertError(error, text, client.call(WRITE_ZEROES, 0, 0, 1));
    if (framing.chunks()) {
      assertError(error, text, client.call(BLOCK_STATUS, 0, 0, 1));
    }
  }

  private void fail(IOException failure) {
    served.disk.hook((DeviceCall _) -> {
      throw failure;
    });
  }

  private Reply assertError(int error, String text, Reply reply) {
    assertEquals(error, reply.error(), reply.text());
    assertEquals(0, reply.data().length);
    if (framing.chunks()) {
      assertTrue(reply.text().contains(text), reply.text());
    } else {
      assertEquals(0, reply.chunks());
    }
    return reply;
  }
}
