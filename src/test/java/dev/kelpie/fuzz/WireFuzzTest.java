package dev.kelpie.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.ClusterInfo;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.PeerHello;
import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.SheepStat;
import dev.kelpie.wire.VdiState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The decoders of the Sheepdog protocol on any bytes: headers always have a meaning, and keep it
/// when they are written again; payloads have one or are malformed, and nothing else happens.
final class WireFuzzTest {
  private static final int CASES = 2000;

  private interface Decoder {
    Object decode(ByteBuffer in) throws MalformedPayload;
  }

  private static final List<Decoder> PAYLOADS =
      List.of(
          Attribute::decode,
          ClusterInfo::decode,
          in -> EpochLog.decode(in, 3),
          InodeHeader::decode,
          MdInfo::decode,
          NameAndTag::decode,
          Node::decode,
          Node::decodeAll,
          ObjectCacheInfo::decode,
          PeerHello::decode,
          RecoveryState::decode,
          RecoveryThrottling::decode,
          SheepStat::decode,
          VdiState::decode);

  @Test
  void anyBytesHaveAMeaningOrAreMalformed() throws Exception {
    Fuzz.run("WireFuzzTest", WireFuzzTest::round);
  }

  private static void round(Dice dice) {
    for (int i = 0; i < CASES; i++) {
      requestHeader(dice);
      responseHeader(dice);
      payload(dice);
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void requestHeader(Dice dice) {
    RequestHeader header = RequestHeader.decode(little(dice.bytes(RequestHeader.SIZE)));
    ByteBuffer bytes = little(new byte[RequestHeader.SIZE]);
    header.encode(bytes);
    assertEquals(header, RequestHeader.decode(bytes.flip()));
    boolean follows = header.framing() != RequestHeader.Framing.LOST;
    assertTrue(!follows || header.payloadBytes() >= 0, header::toString);
  }

  private static void responseHeader(Dice dice) {
    ResponseHeader header = ResponseHeader.decode(little(dice.bytes(ResponseHeader.SIZE)));
    byte[] bytes = new byte[ResponseHeader.SIZE];
    header.encode(little(bytes));
    byte[] again = new byte[ResponseHeader.SIZE];
    ResponseHeader.decode(little(bytes)).encode(little(again));
    assertArrayEquals(bytes, again, header::toString);
  }

  /// Zeros with a few faults get further into a decoder than noise does.
  private static void payload(Dice dice) {
    int length = (int) Math.min(dice.number() & 0xf_ffff, 300_000);
    byte[] bytes = dice.once(3) ? dice.bytes(length) : dice.broken(new byte[length]);
    try {
      dice.of(PAYLOADS.toArray(Decoder[]::new)).decode(little(bytes));
    } catch (MalformedPayload expected) {
      assertTrue(!String.valueOf(expected.getMessage()).isEmpty());
    }
  }
}
