package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Replies as bytes, simple or structured as was agreed. Each method puts a whole message, or the
/// part of it before the data, at the position of a big-endian buffer.
///
/// @param structured whether the client asked for structured replies
record Replies(boolean structured) {
  /// The longest text of an error; the rest is cut.
  static final int TEXT_MAX = 1024;

  /// The most room that an error takes.
  static final int ERROR_SIZE_MAX = Protocol.CHUNK_SIZE + 6 + TEXT_MAX;

  /// The size of what goes before the data of a read.
  static final int DATA_HEADER_SIZE_MAX = Protocol.CHUNK_SIZE + 8;

  /// The size of a chunk that describes a hole.
  static final int HOLE_SIZE = Protocol.CHUNK_SIZE + 12;

  /// The size of a block status with so many descriptors.
  static int statusSize(int descriptors) {
    return Protocol.CHUNK_SIZE + 4 + 8 * descriptors;
  }

  /// Success, and nothing to tell.
  void done(ByteBuffer out, long cookie) {
    simple(out, 0, cookie);
  }

  /// What goes before the only data of a successful read; `length` bytes of data follow.
  void dataHeader(ByteBuffer out, long cookie, long offset, int length) {
    if (structured) {
      dataChunk(out, true, cookie, offset, length);
    } else {
      simple(out, 0, cookie);
    }
  }

  /// Success of a request for no bytes.
  void nothing(ByteBuffer out, Command command, long cookie) {
    if (structured && command == Command.READ) {
      chunk(out, true, Protocol.REPLY_NONE, cookie, 0);
    } else {
      simple(out, 0, cookie);
    }
  }

  /// What goes before a part of the data of a read.
  ///
  /// @param last whether this ends the reply
  void dataChunk(ByteBuffer out, boolean last, long cookie, long offset, int length) {
    chunk(out, last, Protocol.REPLY_OFFSET_DATA, cookie, 8 + length);
    out.putLong(offset);
  }

  /// A part of a read that is zeros.
  void holeChunk(ByteBuffer out, boolean last, long cookie, long offset, int length) {
    chunk(out, last, Protocol.REPLY_OFFSET_HOLE, cookie, 12);
    out.putLong(offset).putInt(length);
  }

  /// What goes before the descriptors of a block status, each a length and flags of 32 bits.
  void statusHeader(ByteBuffer out, long cookie, int descriptors) {
    chunk(out, true, Protocol.REPLY_BLOCK_STATUS, cookie, 4 + 8 * descriptors);
    out.putInt(Protocol.BASE_ALLOCATION_ID);
  }

  /// Failure. The text reaches clients that asked for structured replies.
  void error(ByteBuffer out, long cookie, Fault fault) {
    if (!structured) {
      simple(out, fault.error().code(), cookie);
      return;
    }
    byte[] text = bounded(fault.text());
    chunk(out, true, Protocol.REPLY_ERROR, cookie, 6 + text.length);
    out.putInt(fault.error().code()).putShort((short) text.length).put(text);
  }

  private static void simple(ByteBuffer out, int error, long cookie) {
    out.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
  }

  private static void chunk(ByteBuffer out, boolean last, int type, long cookie, int length) {
    out.putInt(Protocol.STRUCTURED_REPLY_MAGIC);
    out.putShort((short) (last ? Protocol.REPLY_FLAG_DONE : 0)).putShort((short) type);
    out.putLong(cookie).putInt(length);
  }

  /// A text in UTF-8, at most [#TEXT_MAX] bytes, cut between characters.
  static byte[] bounded(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int end = Math.min(bytes.length, TEXT_MAX);
    while (end > 0 && end < bytes.length && (bytes[end] & 0xc0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(bytes, end);
  }
}
