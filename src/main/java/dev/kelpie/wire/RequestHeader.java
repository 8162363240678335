package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.util.Optional;

/// The 48 bytes in front of each request (spec §1.2).
///
/// @param opcodeNumber from 0 to 255, known or not
/// @param flags [RequestFlags], 16 bits
/// @param epoch of the sender, unsigned; clients send 0
/// @param id chosen by the client, which gets it back
/// @param dataLength bytes of the payload where flag WRITE is set, else the room that the client
///   has for the reply; unsigned
/// @param fields by opcode; none for an opcode that is not known
public record RequestHeader(
    int protocolVersion,
    int opcodeNumber,
    int flags,
    int epoch,
    int id,
    int dataLength,
    RequestFields fields) {
  /// Bytes of a header.
  public static final int SIZE = 48;

  /// The most payload that is read for the sake of an error's answer where the opcode calls for
  /// less: as much as the largest fixed one, an attribute.
  static final int STRAY_PAYLOAD_MAX = Attribute.SIZE;

  private static final int FIELDS = 16;

  /// Whether the stream can be followed behind this header.
  public enum Framing {
    /// All is well.
    SOUND,
    /// A length that the opcode does not allow: read the payload, answer
    /// [ResultCode#INVALID_PARMS], go on.
    REFUSED,
    /// Nobody can tell where the next request starts, or its payload is beyond all bounds: answer
    /// [ResultCode#INVALID_PARMS] or nothing, and close.
    LOST
  }

  /// A request of ours.
  public static RequestHeader of(Opcode opcode, int flags, int dataLength, RequestFields fields) {
    return new RequestHeader(
        ProtocolVersion.of(opcode), opcode.number(), flags, 0, 0, dataLength, fields);
  }

  /// The same with an id.
  public RequestHeader withId(int newId) {
    return new RequestHeader(
        protocolVersion, opcodeNumber, flags, epoch, newId, dataLength, fields);
  }

  /// The opcode; empty for one that no release has ([ResultCode#INVALID_PARMS]).
  public Optional<Opcode> opcode() {
    return Opcode.of(opcodeNumber);
  }

  /// Whether all bits of `mask` are set in the flags.
  public boolean has(int mask) {
    return (flags & mask) == mask;
  }

  /// How many bytes of payload follow, unsigned.
  public int payloadBytes() {
    return has(RequestFlags.WRITE) ? dataLength : 0;
  }

  /// Whether the lengths are what the opcode allows (spec §1.1 rule 9).
  public Framing framing() {
    Optional<Opcode> known = opcode();
    int payload = payloadBytes();
    int payloadMax = payloadMax(known);
    if (Integer.compareUnsigned(payload, Math.max(payloadMax, STRAY_PAYLOAD_MAX)) > 0) {
      return Framing.LOST;
    }
    if (known.isEmpty()) {
      return Framing.SOUND;
    }
    Opcode opcode = known.get();
    if (opcode.alwaysWrites() && !has(RequestFlags.WRITE)) {
      return Framing.LOST;
    }
    boolean fits = payload <= payloadMax && opcode.requestPayload().allows(payload);
    return fits && replyFits(opcode) ? Framing.SOUND : Framing.REFUSED;
  }

  private int payloadMax(Optional<Opcode> opcode) {
    return opcode.isPresent() ? limit(opcode.get().requestPayload()) : 0;
  }

  private boolean replyFits(Opcode opcode) {
    PayloadSize reply = opcode.replyPayload();
    if (has(RequestFlags.WRITE) || reply == PayloadSize.NONE) {
      return true;
    }
    return reply.allows(dataLength) && dataLength <= limit(reply);
  }

  private int limit(PayloadSize size) {
    return size == PayloadSize.OBJECT && fields instanceof RequestFields.Obj o
        ? o.object().size()
        : size.max();
  }

  /// Reads the next 48 bytes, which the buffer must have.
  public static RequestHeader decode(ByteBuffer in) {
    Layout.littleEndian(in);
    int at = in.position();
    in.position(at + SIZE);
    int opcodeNumber = in.get(at + 1) & 0xff;
    Optional<Opcode> opcode = Opcode.of(opcodeNumber);
    return new RequestHeader(
        in.get(at) & 0xff,
        opcodeNumber,
        in.getShort(at + 2) & 0xffff,
        in.getInt(at + 4),
        in.getInt(at + 8),
        in.getInt(at + 12),
        opcode.isPresent() ? fields(opcode.get().form(), in, at) : RequestFields.NONE);
  }

  /// Writes 48 bytes.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.u8(0, protocolVersion);
    to.u8(1, opcodeNumber);
    to.u16(2, flags);
    to.i32(4, epoch);
    to.i32(8, id);
    to.i32(12, dataLength);
    encodeFields(to);
  }

  private static RequestFields fields(Opcode.Form form, ByteBuffer in, int header) {
    int at = header + FIELDS;
    return switch (form) {
      case OBJECT, HASH ->
          new RequestFields.Obj(
              new ObjectId(in.getLong(at)),
              new ObjectId(in.getLong(at + 8)),
              in.get(at + 16) & 0xff,
              in.get(at + 17) & 0xff,
              in.get(at + 18) & 0xff,
              in.getInt(at + 20),
              in.getLong(at + 24));
      case VDI ->
          new RequestFields.Vdi(
              in.getLong(at),
              in.getInt(at + 8),
              in.get(at + 12) & 0xff,
              in.get(at + 13) & 0xff,
              in.get(at + 14) & 0xff,
              in.get(at + 15) & 0xff,
              in.getInt(at + 16),
              in.getInt(at + 20));
      case CLUSTER ->
          new RequestFields.Cluster(
              new ObjectId(in.getLong(at)),
              in.getLong(at + 8),
              in.get(at + 16) & 0xff,
              in.get(at + 17) & 0xff,
              in.getShort(at + 18) & 0xffff,
              in.getInt(at + 20),
              in.getInt(at + 24),
              in.get(at + 28) & 0xff);
      case VDI_STATE ->
          new RequestFields.VdiStateChange(
              in.getInt(at),
              in.getInt(at + 4),
              in.get(at + 8) & 0xff,
              in.get(at + 9) & 0xff,
              in.get(at + 10) & 0xff,
              in.get(at + 11) & 0xff);
      case REFERENCE ->
          new RequestFields.Reference(
              new ObjectId(in.getLong(at)), in.getInt(at + 8), in.getInt(at + 12));
      case FORWARD ->
          new RequestFields.Forward(new ObjectId(in.getLong(at)), NodeAddress.decode(in, at + 8));
      case CHECKPOINT ->
          new RequestFields.Checkpoint(in.getInt(at), in.getInt(at + 4), in.getInt(at + 8));
      case COHERENCE -> new RequestFields.Coherence(in.getInt(at), in.getInt(at + 4));
      case NODE, CLUSTER_DEFAULT, NONE -> RequestFields.NONE;
    };
  }

  private void encodeFields(Layout to) {
    switch (fields) {
      case RequestFields.Obj f -> {
        to.i64(16, f.object().value());
        to.i64(24, f.cow().value());
        to.u8(32, f.copies());
        to.u8(33, f.copyPolicy());
        to.u8(34, f.ecIndex());
        to.i32(36, f.targetEpoch());
        to.i64(40, f.offset());
      }
      case RequestFields.Vdi f -> {
        to.i64(16, f.size());
        to.i32(24, f.baseVdi());
        to.u8(28, f.copies());
        to.u8(29, f.copyPolicy());
        to.u8(30, f.storePolicy());
        to.u8(31, f.blockSizeShift());
        to.i32(32, f.snapId());
        to.i32(36, f.lockType());
      }
      case RequestFields.Cluster f -> {
        to.i64(16, f.object().value());
        to.i64(24, f.createTime());
        to.u8(32, f.copies());
        to.u8(33, f.copyPolicy());
        to.u16(34, f.flags());
        to.i32(36, f.tag());
        to.i32(40, f.nodes());
        to.u8(44, f.blockSizeShift());
      }
      case RequestFields.VdiStateChange f -> {
        to.i32(16, f.oldVdi());
        to.i32(20, f.newVdi());
        to.u8(24, f.copies());
        to.u8(25, f.setBitmap());
        to.u8(26, f.copyPolicy());
        to.u8(27, f.blockSizeShift());
      }
      case RequestFields.Reference f -> {
        to.i64(16, f.object().value());
        to.i32(24, f.generation());
        to.i32(28, f.count());
      }
      case RequestFields.Forward f -> {
        to.i64(16, f.object().value());
        f.from().encode(to, 24);
      }
      case RequestFields.Checkpoint f -> {
        to.i32(16, f.get());
        to.i32(20, f.targetEpoch());
        to.i32(24, f.vdi());
      }
      case RequestFields.Coherence f -> {
        to.i32(16, f.vdi());
        to.i32(20, f.validate());
      }
      case RequestFields.None _ -> {}
    }
  }
}
