package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.Optional;

/// The 48 bytes in front of each reply (spec §1.3).
///
/// @param epoch of the cluster, unsigned
/// @param id of the request
/// @param dataLength bytes that follow
/// @param result [ResultCode#code], or a number that only another release knows
/// @param fields by opcode
public record ResponseHeader(
    int protocolVersion,
    int opcodeNumber,
    int flags,
    int epoch,
    int id,
    int dataLength,
    int result,
    ResponseFields fields) {
  /// Bytes of a header.
  public static final int SIZE = 48;

  /// The answer to a request, with opcode and id given back and protocol version and flags 0.
  ///
  /// @param dataLength bytes that follow: 0 where the result is not success, with the exceptions of
  ///   STAT_CLUSTER and OIDS_EXIST
  public static ResponseHeader answering(
      RequestHeader request, int epoch, ResultCode result, int dataLength, ResponseFields fields) {
    return new ResponseHeader(
        0, request.opcodeNumber(), 0, epoch, request.id(), dataLength, result.code(), fields);
  }

  /// An answer of nothing but a result.
  public static ResponseHeader answering(RequestHeader request, int epoch, ResultCode result) {
    return answering(request, epoch, result, 0, ResponseFields.NONE);
  }

  /// Whether the result is success.
  public boolean success() {
    return result == ResultCode.SUCCESS.code();
  }

  /// Whether the result is this one.
  public boolean is(ResultCode code) {
    return result == code.code();
  }

  /// Reads the next 48 bytes, which the buffer must have.
  public static ResponseHeader decode(ByteBuffer in) {
    Layout.littleEndian(in);
    int at = in.position();
    in.position(at + SIZE);
    int opcodeNumber = in.get(at + 1) & 0xff;
    Optional<Opcode> opcode = Opcode.of(opcodeNumber);
    return new ResponseHeader(
        in.get(at) & 0xff,
        opcodeNumber,
        in.getShort(at + 2) & 0xffff,
        in.getInt(at + 4),
        in.getInt(at + 8),
        in.getInt(at + 12),
        in.getInt(at + 16),
        opcode.isPresent() ? fields(opcode.get().form(), in, at) : ResponseFields.NONE);
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
    to.i32(16, result);
    fields.encode(to);
  }

  private static ResponseFields fields(Opcode.Form form, ByteBuffer in, int at) {
    return switch (form) {
      case OBJECT, RANGE -> ResponseFields.Obj.decode(in, at);
      case VDI -> ResponseFields.Vdi.decode(in, at);
      case NODE -> ResponseFields.Node.decode(in, at);
      case HASH -> ResponseFields.Hash.decode(in, at);
      case CLUSTER_DEFAULT -> ResponseFields.ClusterDefault.decode(in, at);
      case CLUSTER, VDI_STATE, REFERENCE, FORWARD, CHECKPOINT, COHERENCE, NONE ->
          ResponseFields.NONE;
    };
  }
}
