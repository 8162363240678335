package dev.kelpie.cluster.journal;

import dev.kelpie.cluster.journal.FrameFile.Behind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/// A file of coordination records: a header, then one frame for each group of commits.
/// Little-endian.
///
/// | header | size | what |
/// |---:|---:|---|
/// | 0 | 8 | magic `KELPCOOR` |
/// | 8 | 4 | format version, 1 |
/// | 12 | 4 | 0 |
/// | 16 | 8 | salt: a random number, new with each file |
/// | 24 | 4 | CRC32C of bytes 0-23 |
/// | 28 | 4 | 0 |
///
/// | frame | size | what |
/// |---:|---:|---|
/// | 0 | 4 | magic `KFRM` |
/// | 4 | 4 | length of the payload |
/// | 8 | 8 | number of the frame, from 1 without gaps |
/// | 16 | 4 | CRC32C of salt, bytes 4-15 and payload |
/// | 20 | 4 | 1 where the frame is *settled*: known to be durable; else 0 |
/// | 24 | | payload (see [Update]), padded with zeros to a multiple of 8 |
///
/// Behind the last frame the file is zeros to its end, allocated ahead of need, so that commits
/// that free space still work on a full disk. Two things may stand there instead: an unfinished
/// frame, and the four bytes `KMVD`, the mark of a file that is about to lose its name to a new
/// one.
///
/// A frame that does not check and has a whole frame behind it was durable once and is damaged, and
/// so is a settled one that does not check. Any other was never finished.
///
/// @param path for messages
record FrameFormat(Path path, long salt) {
  static final int HEADER_SIZE = 32;
  static final int FRAME_HEADER_SIZE = 24;

  /// Where in a frame it says that it is settled.
  static final int SETTLED_AT = 20;

  static final int MOVED_MAGIC = 0x44564d4b;

  private static final long MAGIC = 0x524f4f43_504c454bL;
  private static final int VERSION = 1;
  private static final int FRAME_MAGIC = 0x4d52464b;

  /// The format of the file whose first bytes these are.
  ///
  /// @param header as much as there is of [#HEADER_SIZE] bytes, behind which the buffer stands
  static FrameFormat of(Path path, ByteBuffer header) throws IOException {
    if (header.hasRemaining() || header.getLong(0) != MAGIC) {
      throw new IOException(
          path + " is not a coordination log: byte 0 is wrong; restore it from a backup");
    }
    if (header.getInt(24) != checksum(header.slice(0, 24))) {
      throw damagedAt(path, 24);
    }
    if (header.getInt(8) != VERSION) {
      throw new IOException(
          path
              + " has format version "
              + header.getInt(8)
              + ", this sheep knows "
              + VERSION
              + "; start it with the release that wrote the directory");
    }
    return new FrameFormat(path, header.getLong(16));
  }

  ByteBuffer header() {
    ByteBuffer header = littleEndian(HEADER_SIZE);
    header.putLong(0, MAGIC).putInt(8, VERSION).putLong(16, salt);
    return header.putInt(24, checksum(header.slice(0, 24)));
  }

  /// A frame that is not settled.
  ByteBuffer frame(Place at, List<Update> updates) {
    ByteBuffer payload = Update.encode(updates);
    int length = payload.remaining();
    ByteBuffer frame = littleEndian(frameSize(length));
    frame.putInt(0, FRAME_MAGIC).putInt(4, length).putLong(8, at.number());
    frame.put(FRAME_HEADER_SIZE, payload, 0, length);
    return frame.putInt(16, frameChecksum(frame, 0, length));
  }

  private static int frameSize(int length) {
    return FRAME_HEADER_SIZE + (length + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
  }

  private int frameChecksum(ByteBuffer in, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, salt));
    crc.update(in.slice(at + 4, 12));
    crc.update(in.slice(at + FRAME_HEADER_SIZE, length));
    return (int) crc.getValue();
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /// What begins with these 24 bytes.
  static Behind behind(ByteBuffer header, Place at) {
    int magic = header.getInt(0);
    if (magic == MOVED_MAGIC) {
      return Behind.MOVED;
    } else if (magic == FRAME_MAGIC && isSettled(header, 0) && header.getLong(8) == at.number()) {
      return Behind.SETTLED;
    }
    return isZero(header) ? Behind.NOTHING : Behind.UNSETTLED;
  }

  /// The frame at an index of the buffer, if it is whole.
  Optional<Frame> frameIn(ByteBuffer bytes, int index, Place at) throws IOException {
    if (!isFrame(bytes, index, at.number())) {
      return Optional.empty();
    }
    int length = bytes.getInt(index + 4);
    try {
      return Optional.of(
          new Frame(
              at,
              Update.decode(bytes.slice(index + FRAME_HEADER_SIZE, length)),
              isSettled(bytes, index),
              at.after(frameSize(length))));
    } catch (IllegalArgumentException e) {
      throw new IOException(path + ": the frame at byte " + at.offset() + " cannot be read", e);
    }
  }

  private boolean isFrame(ByteBuffer bytes, int at, long number) {
    if (bytes.limit() - at < FRAME_HEADER_SIZE
        || bytes.getInt(at) != FRAME_MAGIC
        || bytes.getLong(at + 8) != number) {
      return false;
    }
    int length = bytes.getInt(at + 4);
    return length >= 0
        && length <= bytes.limit() - at - FRAME_HEADER_SIZE
        && bytes.getInt(at + 16) == frameChecksum(bytes, at, length);
  }

  private static boolean isSettled(ByteBuffer bytes, int at) {
    return bytes.getInt(at + SETTLED_AT) == 1;
  }

  private static boolean isZero(ByteBuffer header) {
    return header.getLong(0) == 0 && header.getLong(8) == 0 && header.getLong(16) == 0;
  }

  /// Refuses the file if a whole frame follows the one that does not check, or that one is settled.
  void refuseIfDamaged(ByteBuffer all, Place end) throws IOException {
    int first = (int) end.offset();
    if (all.limit() - first >= FRAME_HEADER_SIZE
        && all.getInt(first) == FRAME_MAGIC
        && all.getLong(first + 8) == end.number()
        && isSettled(all, first)) {
      throw damagedAt(first);
    }
    for (int at = first + Long.BYTES; at <= all.limit() - FRAME_HEADER_SIZE; at += Long.BYTES) {
      if (all.getInt(at) == FRAME_MAGIC
          && all.getLong(at + 8) > end.number()
          && isFrame(all, at, all.getLong(at + 8))) {
        throw damagedAt(first);
      }
    }
  }

  IOException damagedAt(long at) {
    return damagedAt(path, at);
  }

  private static IOException damagedAt(Path path, long at) {
    return new IOException(
        path + " is damaged at byte " + at + "; restore the file from a backup of the directory");
  }

  static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
