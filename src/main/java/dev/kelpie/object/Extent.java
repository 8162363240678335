package dev.kelpie.object;

import java.nio.ByteBuffer;

/// Bytes for one place of an object. The buffer belongs to the caller: a store reads what remains
/// in it before it returns, without moving its position, and keeps no reference to it.
///
/// @param offset of the first byte in the object
public record Extent(int offset, ByteBuffer bytes) {
  /// How many bytes there are.
  public int length() {
    return bytes.remaining();
  }

  /// The offset behind the last byte.
  public int end() {
    return offset + bytes.remaining();
  }
}
