package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Cuts ranges of a disk at the borders of its objects.
final class Pieces {
  private Pieces() {}

  /// The index of the object that a byte lies in.
  static int index(long offset) {
    return (int) (offset / ObjectId.DATA_SIZE);
  }

  /// Where in its object a byte lies.
  static int within(long offset) {
    return (int) (offset % ObjectId.DATA_SIZE);
  }

  /// Whether a range lies in one object.
  static boolean isOne(long offset, int length) {
    return length <= ObjectId.DATA_SIZE - within(offset);
  }

  /// Hands the pieces of a range over, in order.
  static void each(long offset, long length, Piece piece) throws IOException {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      int size = (int) Math.min(ObjectId.DATA_SIZE - within(at), end - at);
      piece.take(index(at), within(at), size);
      at += size;
    }
  }

  /// Hands the pieces of a buffer over, in order, each as the buffer's remaining bytes. Afterwards
  /// the buffer is at its end.
  static void each(long offset, ByteBuffer buffer, BufferPiece piece) throws IOException {
    int start = buffer.position();
    int limit = buffer.limit();
    try {
      each(
          offset,
          limit - start,
          (index, within, size) -> {
            int at = buffer.position();
            buffer.limit(at + size);
            piece.take(index, within, buffer);
            buffer.position(at + size);
          });
    } finally {
      buffer.limit(limit);
    }
  }

  /// Takes a piece of a range.
  interface Piece {
    void take(int index, int within, int size) throws IOException;
  }

  /// Takes a piece of a buffer.
  interface BufferPiece {
    void take(int index, int within, ByteBuffer bytes) throws IOException;
  }
}
