package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.testing.DeviceCall;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.MemoryVdi;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Extent;
import dev.kelpie.testing.NbdClient.OptionReply;
import dev.kelpie.testing.NbdClient.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// What extended headers bring beside what every framing has ([TransmissionTest],
/// [RequestErrorsTest]).
@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(60)
final class ExtendedHeadersTest {
  private static final String ALLOCATION = "base:allocation";
  private static final String DEPTH = "qemu:allocation-depth";
  private static final long LARGE = 6L << 30;

  private final ServedDisk served = new ServedDisk();
  private final NbdClient client;

  ExtendedHeadersTest(Transport transport) throws IOException {
    this.client = served.stranger(transport).greet();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  private int refusal(int option, byte... data) throws IOException {
    List<OptionReply> replies = client.option(option, data);
    assertEquals(1, replies.size());
    return replies.getFirst().type();
  }

  private void use() throws IOException {
    client.extendedHeaders().select("vm", ALLOCATION, DEPTH);
    served.using(client);
  }

  private MemoryVdi useLarge() throws IOException {
    MemoryVdi large = new MemoryVdi("a large disk in memory", LARGE).recording();
    served.exports.with("large", large);
    client.extendedHeaders().select("large", ALLOCATION, DEPTH);
    client.go("large");
    return large;
  }

  private void assertInStep() throws IOException {
    client.write(12345, new byte[] {4, 5, 6});
    assertArrayEquals(new byte[] {4, 5, 6}, client.read(12345, 3));
  }

  private void assertCut(String reason) throws IOException {
    client.expectEnd();
    client.close();
    served.awaitNobody();
    assertTrue(served.log.at(Level.WARN).toString().contains(reason), served.log::toString);
  }

  // The handshake.

  @Test
  void theyNeedNoStructuredReplies() throws IOException {
    assertEquals(0x0ded, client.extendedHeaders().go("vm").flags());
    assertInStep();
  }

  @Test
  void theyMayFollowStructuredReplies() throws IOException {
    client.structured().extendedHeaders().go("vm");
    assertInStep();
  }

  @Test
  void structuredRepliesAreRefusedBehindThem() throws IOException {
    client.extendedHeaders();
    assertEquals(ERR_EXT_HEADER_REQD, refusal(OPT_STRUCTURED_REPLY));
    client.go("vm");
    assertInStep();
  }

  @Test
  void theyComeOnceAndWithoutData() throws IOException {
    assertEquals(ERR_INVALID, refusal(OPT_EXTENDED_HEADERS, (byte) 0));
    client.extendedHeaders();
    assertEquals(ERR_INVALID, refusal(OPT_EXTENDED_HEADERS));
    client.go("vm");
    assertInStep();
  }

  @Test
  void refusedDataLeavesCompactHeaders() throws IOException {
    assertEquals(ERR_INVALID, refusal(OPT_EXTENDED_HEADERS, (byte) 0));
    client.go("vm");
    assertInStep();
  }

  @Test
  void contextsThatWereChosenBeforeStay() throws IOException {
    client.structured().allocation("vm").extendedHeaders();
    assertEquals(0x1ded, client.go("vm").flags());
    good(client.call(BLOCK_STATUS, 0, 0, 4096));
  }

  @Test
  void theOptionOfOldTimesDoesNotGoWithThem() throws IOException {
    client.extendedHeaders();
    client.sendOption(OPT_EXPORT_NAME, "vm".getBytes(StandardCharsets.US_ASCII));
    assertCut("after extended headers");
  }

  // Lengths.

  @Test
  void rangesOfMoreThan4GiBAreServed() throws IOException {
    MemoryVdi large = useLarge();
    large.put(5L << 30, new byte[] {7});
    good(client.call(TRIM, 0, 0, LARGE));
    assertEquals(0, client.read(5L << 30, 1)[0]);
    good(client.call(WRITE_ZEROES, 0, 1, LARGE - 1));
    good(client.call(CACHE, 0, 0, LARGE));
    assertEquals(LARGE, sum(large, Kind.TRIM));
    assertEquals(LARGE - 1, sum(large, Kind.ZERO));
    assertEquals(LARGE, sum(large, Kind.PREFETCH));
  }

  private static long sum(MemoryVdi disk, Kind kind) {
    return disk.calls().stream()
        .filter(call -> call.kind() == kind)
        .mapToLong(DeviceCall::length)
        .sum();
  }

  @Test
  void anExtentMayBeLongerThan4GiB() throws IOException {
    MemoryVdi large = useLarge();
    large.put(LARGE - 1, new byte[] {7});
    List<Extent> extents = good(client.call(BLOCK_STATUS, 0, 0, LARGE)).extents();
    assertEquals(List.of(new Extent(LARGE - 65536, 3), new Extent(65536, 0)), extents);
  }

  @Test
  void lengthsThatPassTheEndAreErrors() throws IOException {
    use();
    for (int command : List.of(TRIM, CACHE, BLOCK_STATUS, READ)) {
      for (long length : List.of(-1L, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, LARGE)) {
        assertEquals(EINVAL, client.call(command, 0, 0, length).error());
        assertEquals(EINVAL, client.call(command, 0, ServedDisk.SIZE, length).error());
        assertEquals(EINVAL, client.call(command, 0, -1, length).error());
      }
    }
    assertEquals(ENOSPC, client.call(WRITE_ZEROES, 0, 1, -1).error());
    assertEquals(ENOSPC, client.call(WRITE_ZEROES, 0, -1, 2).error());
    assertEquals(EOVERFLOW, client.call(READ, DF, 0, 1L << 32).error());
    assertEquals(EINVAL, client.call(FLUSH, 0, 0, 1L << 32).error());
    assertEquals(List.of(), served.disk.calls());
    assertInStep();
  }

  // Payloads.

  @Test
  void aPayloadThatACommandDoesNotTakeIsPassedOver() throws IOException {
    use();
    for (int command : List.of(READ, FLUSH, TRIM, CACHE, WRITE_ZEROES, 8, 99)) {
      for (int length : List.of(1, 3, 100_000)) {
        Reply reply = client.call(command, PAYLOAD_LEN, 0, length, new byte[length]);
        assertEquals(EINVAL, reply.error(), reply.text());
      }
      assertEquals(EINVAL, client.call(command, PAYLOAD_LEN, 0, 0).error());
    }
    assertEquals(List.of(), served.disk.calls());
    assertInStep();
  }

  @Test
  void aPayloadOfAnyCommandBeyondReasonEndsTheSession() throws IOException {
    use();
    long cookie = client.send(TRIM, PAYLOAD_LEN, 0, (64L << 20) + 1);
    Reply reply = client.receive();
    assertEquals(cookie, reply.cookie());
    assertEquals(EINVAL, reply.error());
    assertCut("a payload of 67108865 bytes");
  }

  @Test
  void aPayloadLengthThatIsNegativeEndsTheSession() throws IOException {
    use();
    client.send(WRITE, 0, 0, -1);
    assertEquals(EINVAL, client.receive().error());
    assertCut("a payload of 18446744073709551615 bytes");
  }

  @Test
  void aWriteThatDoesNotSayThatItHasAPayloadEndsTheSession() throws IOException {
    use();
    client.sendRaw(NbdClient.extendedRequest(WRITE, 0, 1, 0, 3, new byte[3]));
    assertCut("without saying that it has a payload");
    assertTrue(served.disk.calls().stream().noneMatch(call -> call.kind() == Kind.WRITE));
  }

  @Test
  void compactRequestsEndTheSession() throws IOException {
    use();
    client.sendRaw(NbdClient.request(READ, 0, 1, 0, 3));
    client.sendRaw(new byte[4]);
    assertCut("where a request was due");
  }

  @Test
  void theyEndTheSessionWhereTheyWereNotAgreedOn() throws IOException {
    client.structured().go("vm");
    client.sendRaw(NbdClient.extendedRequest(READ, 0, 1, 0, 3));
    assertCut("where a request was due");
  }

  // Block status with a payload.

  @Test
  void aFilterNarrowsTheContexts() throws IOException {
    use();
    served.disk.put(0, new byte[] {1});
    Reply both = good(client.call(BLOCK_STATUS, 0, 0, 131072));
    assertEquals(
        Map.of(
            ALLOCATION,
            List.of(new Extent(65536, 0), new Extent(65536, 3)),
            DEPTH,
            List.of(new Extent(65536, 1), new Extent(65536, 0))),
        both.statuses());
    assertEquals(2, both.chunks());
    Reply one = good(client.filteredStatus(0, 131072, DEPTH));
    assertEquals(Map.of(DEPTH, both.statuses().get(DEPTH)), one.statuses());
    Reply twisted = good(client.filteredStatus(0, 131072, DEPTH, ALLOCATION));
    assertEquals(both.statuses(), twisted.statuses());
  }

  @Test
  void aFilterThatMakesNoSenseIsAnErrorAndTheSessionGoesOn() throws IOException {
    use();
    assertBadFilter(new byte[0]);
    assertBadFilter(new byte[1]);
    assertBadFilter(new byte[7]);
    assertBadFilter(filter(100)); // no context
    assertBadFilter(filter(100, 0));
    assertBadFilter(filter(100, 3));
    assertBadFilter(filter(100, -1));
    assertBadFilter(filter(100, 1, 1));
    assertBadFilter(filter(100, 1, 2, 1)); // too long
    assertBadFilter(new byte[200_000]);
    byte[] odd = new byte[13];
    System.arraycopy(filter(100, 1), 0, odd, 0, 12);
    assertBadFilter(odd);
    for (long length : List.of(0L, ServedDisk.SIZE + 1, -1L, Long.MIN_VALUE)) {
      assertBadFilter(filter(length, 1));
    }
    assertEquals(List.of(), served.disk.calls());
    assertInStep();
  }

  private void assertBadFilter(byte[] payload) throws IOException {
    Reply reply = client.call(BLOCK_STATUS, PAYLOAD_LEN, 0, payload.length, payload);
    assertEquals(EINVAL, reply.error(), reply.text());
  }

  private static byte[] filter(long length, int... ids) {
    ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * ids.length).putLong(length);
    for (int id : ids) {
      bytes.putInt(id);
    }
    return bytes.array();
  }

  @Test
  void aFilterNeedsContexts() throws IOException {
    client.extendedHeaders().go("vm");
    assertBadFilter(filter(100, 1));
    assertInStep();
  }

  @Test
  void aFilterThatIsCutEndsTheSessionQuietly() throws IOException {
    use();
    client.sendRaw(NbdClient.extendedRequest(BLOCK_STATUS, PAYLOAD_LEN, 1, 0, 12, new byte[11]));
    client.shutdownOutput();
    client.expectEnd();
  }
}
