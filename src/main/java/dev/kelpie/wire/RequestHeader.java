package dev.kelpie.wire;

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

  /// Who sends has no room for a reply (spec §1.1 rule 2), so what has to be answered with bytes
  /// cannot be.
  private boolean replyFits(Opcode opcode) {
    PayloadSize reply = opcode.replyPayload();
    boolean onlySends = has(RequestFlags.WRITE) && !has(RequestFlags.PIGGYBACK);
    int room = onlySends ? 0 : dataLength;
    return reply == PayloadSize.NONE || (reply.allows(room) && room <= limit(reply));
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
        opcode.isPresent() ? fields(opcode.get().form(), in, at + FIELDS) : RequestFields.NONE);
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
    fields.encode(to);
  }

  private static RequestFields fields(Opcode.Form form, ByteBuffer in, int at) {
    return switch (form) {
      case OBJECT, HASH -> RequestFields.Obj.decode(in, at);
      case VDI -> RequestFields.Vdi.decode(in, at);
      case CLUSTER -> RequestFields.Cluster.decode(in, at);
      case VDI_STATE -> RequestFields.VdiStateChange.decode(in, at);
      case REFERENCE -> RequestFields.Reference.decode(in, at);
      case FORWARD -> RequestFields.Forward.decode(in, at);
      case CHECKPOINT -> RequestFields.Checkpoint.decode(in, at);
      case COHERENCE -> RequestFields.Coherence.decode(in, at);
      case RANGE -> RequestFields.Range.decode(in, at);
      case NODE, CLUSTER_DEFAULT, NONE -> RequestFields.NONE;
    };
  }
}
