package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Replies as bytes, in the framing that was agreed on. Each method puts a whole message, or the
/// part of it before the data, at the position of a big-endian buffer.
record Replies(Framing framing) {
  /// The longest text of an error; the rest is cut.
  static final int TEXT_MAX = 1024;

  /// The most room that an error takes.
  static final int ERROR_SIZE_MAX = Protocol.CHUNK_SIZE_MAX + 6 + TEXT_MAX;

  /// The most room that a reply without data takes.
  static final int DONE_SIZE_MAX = Protocol.CHUNK_SIZE_MAX;

  /// The most room of what goes before the data of a read.
  static final int DATA_HEADER_SIZE_MAX = Protocol.CHUNK_SIZE_MAX + 8;

  /// The most room of a chunk that describes a hole.
  static final int HOLE_SIZE_MAX = Protocol.CHUNK_SIZE_MAX + 12;

  /// The most room of a block status with so many descriptors.
  static int statusSizeMax(int descriptors) {
    return Protocol.CHUNK_SIZE_MAX + 8 + 16 * descriptors;
  }

  /// Success, and nothing to tell.
  void done(ByteBuffer out, Asked asked) {
    if (framing == Framing.EXTENDED) {
      chunk(out, true, Protocol.REPLY_NONE, asked, 0);
    } else {
      simple(out, 0, asked);
    }
  }

  /// What goes before the only data of a successful read; `length` bytes of data follow.
  void dataHeader(ByteBuffer out, Asked asked, int length) {
    if (framing.chunks()) {
      dataChunk(out, true, asked, asked.offset(), length);
    } else {
      simple(out, 0, asked);
    }
  }

  /// Success of a request for no bytes.
  void nothing(ByteBuffer out, Command command, Asked asked) {
    if (framing.chunks() && command == Command.READ) {
      chunk(out, true, Protocol.REPLY_NONE, asked, 0);
    } else {
      done(out, asked);
    }
  }

  /// What goes before a part of the data of a read.
  ///
  /// @param last whether this ends the reply
  void dataChunk(ByteBuffer out, boolean last, Asked asked, long offset, int length) {
    chunk(out, last, Protocol.REPLY_OFFSET_DATA, asked, 8 + length);
    out.putLong(offset);
  }

  /// A part of a read that is zeros.
  void holeChunk(ByteBuffer out, boolean last, Asked asked, long offset, int length) {
    chunk(out, last, Protocol.REPLY_OFFSET_HOLE, asked, 12);
    out.putLong(offset).putInt(length);
  }

  /// The block status of one context.
  ///
  /// @param last whether this ends the reply
  void status(
      ByteBuffer out, boolean last, Asked asked, int context, List<Extents.Extent> extents) {
    int count = extents.size();
    if (framing == Framing.EXTENDED) {
      chunk(out, last, Protocol.REPLY_BLOCK_STATUS_EXT, asked, 8 + 16 * count);
      out.putInt(context).putInt(count);
      extents.forEach(extent -> out.putLong(extent.length()).putLong(extent.value()));
    } else {
      chunk(out, last, Protocol.REPLY_BLOCK_STATUS, asked, 4 + 8 * count);
      out.putInt(context);
      extents.forEach(extent -> out.putInt((int) extent.length()).putInt(extent.value()));
    }
  }

  /// Failure. The text reaches clients whose replies come in chunks.
  void error(ByteBuffer out, Asked asked, Fault fault) {
    if (!framing.chunks()) {
      simple(out, fault.error().code(), asked);
      return;
    }
    byte[] text = bounded(fault.text());
    chunk(out, true, Protocol.REPLY_ERROR, asked, 6 + text.length);
    out.putInt(fault.error().code()).putShort((short) text.length).put(text);
  }

  private static void simple(ByteBuffer out, int error, Asked asked) {
    out.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(asked.cookie());
  }

  private void chunk(ByteBuffer out, boolean last, int type, Asked asked, int length) {
    boolean extended = framing == Framing.EXTENDED;
    out.putInt(extended ? Protocol.EXTENDED_REPLY_MAGIC : Protocol.STRUCTURED_REPLY_MAGIC);
    out.putShort((short) (last ? Protocol.REPLY_FLAG_DONE : 0)).putShort((short) type);
    out.putLong(asked.cookie());
    if (extended) {
      out.putLong(asked.offset()).putLong(length);
    } else {
      out.putInt(length);
    }
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
