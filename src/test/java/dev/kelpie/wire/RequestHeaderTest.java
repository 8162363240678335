package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.RequestHeader.Framing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class RequestHeaderTest {
  private static final ObjectId INODE = new ObjectId(0x807c2b2500000000L);
  private static final ObjectId DATA = new ObjectId(0x007c2b2500000003L);
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  @Test
  void objectRequest() {
    golden(
        "02 03 0500 07000000 04030201 00100000"
            + "00000000252b7c80 03000000252b7c00 03 22 01 00 05000000 38120000 00000000",
        new RequestHeader(
            2,
            0x03,
            0x0005,
            7,
            0x01020304,
            4096,
            new RequestFields.Obj(INODE, DATA, 3, 0x22, 1, 5, 4664)));
  }

  @Test
  void vdiRequest() {
    golden(
        "01 11 0100 00000000 ffffffff 00010000"
            + "0000000001000000 252b7c00 02 43 01 16 02000000 01000000 0000000000000000",
        new RequestHeader(
            1,
            0x11,
            1,
            0,
            -1,
            256,
            new RequestFields.Vdi(
                1L << 32, 0x7c2b25, 2, 0x43, 1, 22, RequestFields.Vdi.ROLLBACK, 1)));
  }

  @Test
  void clusterRequest() {
    golden(
        "09 84 0100 00000000 01000000 06000000"
            + "08070605040302a1 0df0adba785634f1 03 22 0900 04000000 00180000 16 000000",
        new RequestHeader(
            9,
            0x84,
            1,
            0,
            1,
            6,
            new RequestFields.Cluster(
                new ObjectId(0xa102030405060708L),
                0xf1345678baadf00dL,
                3,
                0x22,
                ClusterFlags.USE_LOCK | ClusterFlags.STRICT,
                4,
                6144,
                22)));
  }

  @Test
  void vdiStateRequest() {
    golden(
        "09 af 0000 00000000 00000000 00000000"
            + "252b7c00 262b7c00 03 01 22 16 0000000000000000 0000000000000000 00000000",
        new RequestHeader(
            9,
            0xaf,
            0,
            0,
            0,
            0,
            new RequestFields.VdiStateChange(0x7c2b25, 0x7c2b26, 3, 1, 0x22, 22)));
  }

  @Test
  void referenceRequest() {
    golden(
        "09 c1 0000 00000000 00000000 00000000"
            + "03000000252b7c00 06000000 07000000 0000000000000000 0000000000000000",
        new RequestHeader(9, 0xc1, 0, 0, 0, 0, new RequestFields.Reference(DATA, 6, 7)));
  }

  @Test
  void forwardRequest() {
    golden(
        "09 c5 0000 00000000 00000000 00000000"
            + "03000000252b7c00 000000000000000000000000c0a8010a 581b 000000000000",
        new RequestHeader(
            9,
            0xc5,
            0,
            0,
            0,
            0,
            new RequestFields.Forward(DATA, new NodeAddress(0, 0xc0a8010aL, 7000))));
  }

  @Test
  void checkpointRequest() {
    golden(
        "09 c7 0000 00000000 00000000 00000000"
            + "01000000 08000000 252b7c00 00000000 0000000000000000 0000000000000000",
        new RequestHeader(9, 0xc7, 0, 0, 0, 0, new RequestFields.Checkpoint(1, 8, 0x7c2b25)));
  }

  @Test
  void coherenceRequest() {
    golden(
        "09 c8 0000 00000000 00000000 00000000"
            + "252b7c00 01000000 0000000000000000 0000000000000000 0000000000000000",
        new RequestHeader(9, 0xc8, 0, 0, 0, 0, new RequestFields.Coherence(0x7c2b25, 1)));
  }

  @Test
  void requestWithoutFields() {
    golden(
        "09 9a 0000 00000000 63000000 00000000"
            + "0000000000000000 0000000000000000 0000000000000000 0000000000000000",
        new RequestHeader(9, 0x9a, 0, 0, 99, 0, RequestFields.NONE));
  }

  @Test
  void ownRequestsCarryTheVersionOfTheirKind() {
    assertEquals(2, RequestHeader.of(Opcode.READ_VDIS, 0, 0, RequestFields.NONE).protocolVersion());
    assertEquals(9, RequestHeader.of(Opcode.STAT, 0, 0, RequestFields.NONE).protocolVersion());
    assertEquals(17, RequestHeader.of(Opcode.STAT, 0, 0, RequestFields.NONE).withId(17).id());
  }

  @Test
  void anyBytesAreAHeaderAndSurviveASecondRound() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[RequestHeader.SIZE];
      random.nextBytes(bytes);
      RequestHeader header = RequestHeader.decode(little(bytes));
      ByteBuffer out = little(new byte[RequestHeader.SIZE]);
      header.encode(out);
      assertEquals(header, RequestHeader.decode(out.flip()), () -> "seed " + SEED);
      header.framing();
    }
  }

  @Test
  void unknownOpcodeKeepsItsNumber() {
    RequestHeader header =
        RequestHeader.decode(Golden.zeros(48).at(0, "09 7f").at(16, "ffff").buffer());
    assertTrue(header.opcode().isEmpty());
    assertEquals(0x7f, header.opcodeNumber());
    assertEquals(RequestFields.NONE, header.fields());
  }

  @Test
  void highHalfOfAnOldClientsOffsetIsPartOfIt() {
    RequestHeader header =
        RequestHeader.decode(Golden.zeros(48).at(1, "02").at(40, "0000000001000000").buffer());
    assertEquals(1L << 32, ((RequestFields.Obj) header.fields()).offset());
  }

  @Test
  void payloadFollowsOnlyWithFlagWrite() {
    assertEquals(4096, object(Opcode.WRITE_OBJ, RequestFlags.WRITE, 4096).payloadBytes());
    assertEquals(0, object(Opcode.DISCARD_OBJ, 0, 4 << 20).payloadBytes());
  }

  @Test
  void dataRequestsAreBoundedByTheirObject() {
    assertEquals(Framing.SOUND, object(Opcode.READ_OBJ, 0, 4 << 20).framing());
    assertEquals(Framing.REFUSED, object(Opcode.READ_OBJ, 0, (4 << 20) + 1).framing());
    assertEquals(Framing.SOUND, object(Opcode.WRITE_OBJ, RequestFlags.WRITE, 4 << 20).framing());
    assertEquals(
        Framing.LOST, object(Opcode.WRITE_OBJ, RequestFlags.WRITE, (4 << 20) + 1).framing());
    assertEquals(Framing.LOST, object(Opcode.WRITE_OBJ, RequestFlags.WRITE, -1).framing());
    assertEquals(Framing.REFUSED, object(Opcode.READ_OBJ, 0, -1).framing());
  }

  @Test
  void inodesMayBeReadAndWrittenWhole() {
    assertEquals(Framing.SOUND, inode(Opcode.READ_OBJ, 0, 12_587_576).framing());
    assertEquals(Framing.REFUSED, inode(Opcode.READ_OBJ, 0, 12_587_577).framing());
    assertEquals(
        Framing.SOUND,
        inode(Opcode.CREATE_AND_WRITE_OBJ, RequestFlags.WRITE, 12_587_576).framing());
    assertEquals(
        Framing.LOST, inode(Opcode.CREATE_AND_WRITE_OBJ, RequestFlags.WRITE, 12_587_577).framing());
  }

  @Test
  void writeWithoutFlagWriteLosesTheStream() {
    assertEquals(Framing.LOST, object(Opcode.WRITE_OBJ, 0, 0).framing());
    assertEquals(Framing.LOST, object(Opcode.CREATE_AND_WRITE_OBJ, 0, 0).framing());
  }

  @Test
  void whatIsAnsweredWithBytesIsNotAskedForByASender() {
    for (Opcode opcode : List.of(Opcode.GET_RECOVERY, Opcode.STAT, Opcode.GET_LOGLEVEL)) {
      assertEquals(
          Framing.REFUSED,
          RequestHeader.of(opcode, RequestFlags.WRITE, 0, RequestFields.NONE).framing());
    }
  }

  @Test
  void emptyWriteIsSound() {
    assertEquals(Framing.SOUND, inode(Opcode.WRITE_OBJ, RequestFlags.WRITE, 0).framing());
  }

  @Test
  void discardOfOldQemuIsSound() {
    assertEquals(Framing.SOUND, object(Opcode.DISCARD_OBJ, 0, 4 << 20).framing());
  }

  @Test
  void namesHaveTheirLengths() {
    assertEquals(Framing.SOUND, named(Opcode.NEW_VDI, 256).framing());
    assertEquals(Framing.REFUSED, named(Opcode.NEW_VDI, 512).framing());
    assertEquals(Framing.SOUND, named(Opcode.GET_VDI_INFO, 256).framing());
    assertEquals(Framing.SOUND, named(Opcode.GET_VDI_INFO, 512).framing());
    assertEquals(Framing.REFUSED, named(Opcode.GET_VDI_INFO, 384).framing());
    assertEquals(Framing.SOUND, named(Opcode.RELEASE_VDI, 5).framing());
    assertEquals(Framing.SOUND, named(Opcode.RELEASE_VDI, 0).framing());
    assertEquals(
        Framing.REFUSED,
        RequestHeader.of(Opcode.NEW_VDI, 0, 256, RequestFields.Vdi.lookup(0)).framing());
  }

  @Test
  void bitmapOfVdisHasOneLength() {
    RequestFields none = RequestFields.Vdi.lookup(0);
    assertEquals(Framing.SOUND, RequestHeader.of(Opcode.READ_VDIS, 0, 2_097_152, none).framing());
    assertEquals(Framing.REFUSED, RequestHeader.of(Opcode.READ_VDIS, 0, 2_097_151, none).framing());
  }

  @Test
  void whoSendsFlagWriteHasNoRoomForAReplyOfFixedSize() {
    for (Opcode opcode : Opcode.values()) {
      RequestHeader header =
          RequestHeader.of(opcode, RequestFlags.WRITE, 0, RequestFields.Vdi.lookup(0));
      boolean fixed = !opcode.replyPayload().allows(0);
      assertTrue(!fixed || header.framing() == Framing.REFUSED, opcode.toString());
    }
    assertEquals(
        Framing.REFUSED,
        RequestHeader.of(Opcode.READ_VDIS, RequestFlags.WRITE, 0, RequestFields.NONE).framing());
  }

  @Test
  void strayPayloadIsReadUpToABound() {
    assertEquals(Framing.REFUSED, named(Opcode.KILL_NODE, 66_320).framing());
    assertEquals(Framing.LOST, named(Opcode.KILL_NODE, 66_321).framing());
    RequestHeader unknown = new RequestHeader(0, 0x70, 1, 0, 0, 100, RequestFields.NONE);
    assertEquals(Framing.SOUND, unknown.framing());
  }

  @Test
  void purgeOfOneVdiHasTheFlagButNoPayload() {
    assertEquals(Framing.SOUND, inode(Opcode.CACHE_PURGE, RequestFlags.WRITE, 0).framing());
  }

  @Test
  void versionsAreCheckedByKindOfOpcode() {
    assertTrue(ProtocolVersion.accepts(0x02, 0));
    assertTrue(ProtocolVersion.accepts(0x02, 1));
    assertTrue(ProtocolVersion.accepts(0x7f, 2));
    assertFalse(ProtocolVersion.accepts(0x02, 3));
    assertTrue(ProtocolVersion.accepts(0x80, 9));
    assertFalse(ProtocolVersion.accepts(0x87, 0));
    assertFalse(ProtocolVersion.accepts(0x87, 2));
    assertFalse(ProtocolVersion.accepts(0x87, 10));
  }

  private static RequestHeader object(Opcode opcode, int flags, int dataLength) {
    return RequestHeader.of(opcode, flags, dataLength, RequestFields.Obj.at(DATA, 0));
  }

  private static RequestHeader inode(Opcode opcode, int flags, int dataLength) {
    return RequestHeader.of(opcode, flags, dataLength, RequestFields.Obj.at(INODE, 0));
  }

  private static RequestHeader named(Opcode opcode, int dataLength) {
    return RequestHeader.of(opcode, RequestFlags.WRITE, dataLength, RequestFields.Vdi.lookup(0));
  }

  private static void golden(String hex, RequestHeader header) {
    Golden golden = Golden.zeros(48).at(0, hex);
    golden.assertEncodes(header::encode);
    ByteBuffer in = golden.buffer();
    assertEquals(header, RequestHeader.decode(in));
    assertEquals(48, in.position());
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
