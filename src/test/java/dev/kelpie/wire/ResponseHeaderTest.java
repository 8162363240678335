package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ResponseHeaderTest {
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  @Test
  void objectReply() {
    golden(
        "00 02 0000 03000000 04030201 00100000 00000000 02 000000"
            + "0010000000000000 0000000000000000 0000000000000000",
        new ResponseHeader(0, 0x02, 0, 3, 0x01020304, 4096, 0, new ResponseFields.Obj(2, 4096)));
  }

  @Test
  void vdiReply() {
    golden(
        "00 14 0000 03000000 00000000 00000000 08000000 00000000"
            + "252b7c00 78563412 03 16 0000 000000000000000000000000",
        new ResponseHeader(
            0, 0x14, 0, 3, 0, 0, 8, new ResponseFields.Vdi(0x7c2b25, 0x12345678, 3, 22)));
  }

  @Test
  void nodeReply() {
    golden(
        "00 86 0000 00000000 00000000 00000000 00000000 04000000"
            + "0000000000000000 0000000001000000 00f0ff0000000000",
        new ResponseHeader(0, 0x86, 0, 0, 0, 0, 0, new ResponseFields.Node(4, 1L << 32, 0xfff000)));
  }

  @Test
  void hashReply() {
    byte[] digest = new byte[20];
    digest[0] = 1;
    digest[19] = (byte) 0xff;
    ResponseHeader header =
        new ResponseHeader(0, 0xb4, 0, 0, 0, 0, 0, new ResponseFields.Hash(digest));
    Golden golden =
        Golden.zeros(48)
            .at(
                0,
                "00 b4 0000 00000000 00000000 00000000 00000000 00000000"
                    + "01 000000000000000000000000000000000000 ff 00000000");
    golden.assertEncodes(header::encode);
    ResponseHeader back = ResponseHeader.decode(golden.buffer());
    assertArrayEquals(digest, ((ResponseFields.Hash) back.fields()).digest());
  }

  @Test
  void clusterDefaultReply() {
    golden(
        "00 18 0000 00000000 00000000 00000000 00000000 03 22 16 00"
            + "0000000000000000 0000000000000000 0000000000000000",
        new ResponseHeader(0, 0x18, 0, 0, 0, 0, 0, new ResponseFields.ClusterDefault(3, 0x22, 22)));
  }

  @Test
  void replyWithoutFields() {
    golden(
        "00 87 0000 07000000 05000000 80000000 16000000 00000000"
            + "0000000000000000 0000000000000000 0000000000000000",
        new ResponseHeader(0, 0x87, 0, 7, 5, 128, 0x16, ResponseFields.NONE));
  }

  @Test
  void answerGivesOpcodeAndIdBackAndNothingElse() {
    RequestHeader request = new RequestHeader(2, 0x14, 1, 9, 77, 512, RequestFields.Vdi.lookup(0));
    assertEquals(
        new ResponseHeader(0, 0x14, 0, 5, 77, 0, 0x08, ResponseFields.NONE),
        ResponseHeader.answering(request, 5, ResultCode.NO_VDI));
  }

  @Test
  void anyBytesAreAHeaderAndSurviveASecondRound() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[ResponseHeader.SIZE];
      random.nextBytes(bytes);
      ResponseHeader header = ResponseHeader.decode(little(bytes));
      byte[] once = new byte[ResponseHeader.SIZE];
      header.encode(little(once));
      byte[] twice = new byte[ResponseHeader.SIZE];
      ResponseHeader.decode(little(once)).encode(little(twice));
      assertArrayEquals(once, twice, () -> "seed " + SEED);
    }
  }

  private static void golden(String hex, ResponseHeader header) {
    Golden golden = Golden.zeros(48).at(0, hex);
    golden.assertEncodes(header::encode);
    assertEquals(header, ResponseHeader.decode(golden.buffer()));
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
