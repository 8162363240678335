package dev.kelpie.object;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Bytes for one place of an object. The buffer belongs to the caller: a store reads what remains
/// in it before it returns, without moving its position, and keeps no reference to it.
///
/// @param offset of the first byte in the object
public record Extent(int offset, ByteBuffer bytes) {
  /// How many bytes are looked at together where zeros are left out.
  private static final int PART = 64 << 10;

  private static final ByteBuffer ZEROS = ByteBuffer.allocate(PART).asReadOnlyBuffer();

  /// How many bytes there are.
  public int length() {
    return bytes.remaining();
  }

  /// The offset behind the last byte.
  public int end() {
    return offset + bytes.remaining();
  }

  /// A range of bytes as extents, in ascending order and none beside another, without those parts
  /// of 64 KiB, counted from its start, that are zeros.
  ///
  /// @param range from position to limit; the extents are views of it
  public static List<Extent> withoutZeros(ByteBuffer range) {
    List<Extent> extents = new ArrayList<>();
    int length = range.remaining();
    int start = 0;
    for (int at = 0; at < length; at += PART) {
      int size = Math.min(PART, length - at);
      if (range.slice(range.position() + at, size).equals(ZEROS.slice(0, size))) {
        add(extents, range, start, at);
        start = at + size;
      }
    }
    add(extents, range, start, length);
    return extents;
  }

  private static void add(List<Extent> extents, ByteBuffer range, int start, int end) {
    if (end > start) {
      extents.add(new Extent(start, range.slice(range.position() + start, end - start)));
    }
  }
}
