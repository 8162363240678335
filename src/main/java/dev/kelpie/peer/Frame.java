package dev.kelpie.peer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// The 24 bytes in front of each request and each answer (docs/peer-protocol.md).
///
/// @param length of the body that follows, in bytes
/// @param code of a request what is asked, of an answer how it went ([Failures])
/// @param id chosen by who asks, and given back with the answer
/// @param bodySum the CRC32C of the body
record Frame(int length, int code, long id, int bodySum) {
  /// Bytes of a header.
  static final int SIZE = 24;

  /// The longest body: more than the largest object, 12 MiB, and all that comes with it.
  static final int BODY_MAX = 16 << 20;

  private static final int SUMMED = 20;

  /// Reads the next 24 bytes, which the buffer must have.
  static Frame decode(ByteBuffer in) throws DamagedFrame {
    int at = in.position();
    in.position(at + SIZE);
    int length = in.getInt(at);
    if (in.getInt(at + SUMMED) != sum(in.slice(at, SUMMED))) {
      throw new DamagedFrame("a frame was damaged on its way");
    }
    if (length < 0 || length > BODY_MAX || in.getShort(at + 6) != 0) {
      throw new DamagedFrame("a frame has " + Integer.toUnsignedString(length) + " bytes");
    }
    return new Frame(length, in.getShort(at + 4) & 0xffff, in.getLong(at + 8), in.getInt(at + 16));
  }

  /// A whole frame, ready to be sent in this order.
  ///
  /// @param body from position to limit of each part; nothing is copied, and no position is moved
  static List<ByteBuffer> of(int code, long id, List<ByteBuffer> body) {
    CRC32C sum = new CRC32C();
    int length = 0;
    List<ByteBuffer> parts = new ArrayList<>(body.size() + 1);
    ByteBuffer header = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    parts.add(header);
    for (ByteBuffer part : body) {
      length += part.remaining();
      sum.update(part.duplicate());
      parts.add(part.duplicate());
    }
    header.putInt(length).putShort((short) code).putShort((short) 0).putLong(id);
    header.putInt((int) sum.getValue()).putInt(sum(header.slice(0, SUMMED))).flip();
    return parts;
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return (int) sum.getValue();
  }
}
