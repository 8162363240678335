package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import dev.kelpie.volume.BlockDevice.RunSink;
import java.io.IOException;

/// Describes ranges of a disk of which each object has one value.
final class Runs {
  private Runs() {}

  /// Hands a range over in the longest runs of one value, until the sink has enough.
  static void each(long offset, long length, Value value, RunSink sink) throws IOException {
    long end = offset + length;
    long start = offset;
    while (start < end) {
      int first = value.of(Pieces.index(start));
      long next = nextObject(start);
      while (next < end && value.of(Pieces.index(next)) == first) {
        next = nextObject(next);
      }
      next = Math.min(next, end);
      if (!sink.run(next - start, first)) {
        return;
      }
      start = next;
    }
  }

  private static long nextObject(long offset) {
    return (Pieces.index(offset) + 1) * (long) ObjectId.DATA_SIZE;
  }

  /// What an object is like.
  interface Value {
    int of(int index) throws IOException;
  }
}
