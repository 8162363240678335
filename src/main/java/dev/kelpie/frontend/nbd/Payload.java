package dev.kelpie.frontend.nbd;

import dev.kelpie.stream.Inbox;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The bytes of a request or of a reply. Comes from [Memory] and goes back there once the reply has
/// left; until then it belongs to the one task that serves the request.
///
/// @param parts the bytes in order, each buffer from 0 to its limit
/// @param runs the blocks they lie in; none where they lie on the heap
record Payload(int length, List<ByteBuffer> parts, List<Blocks.Run> runs) {
  /// No bytes at all.
  static final Payload NONE = new Payload(0, List.of(), List.of());

  /// Room that counts for nobody, for what is small and short-lived.
  static Payload onHeap(int length) {
    return new Payload(length, List.of(ByteBuffer.allocate(length)), List.of());
  }

  /// The bytes of memory that it takes.
  long share() {
    return Memory.share(length);
  }

  /// Fills it with what the client sends.
  ///
  /// @return false where the stream ended before
  boolean fill(Inbox inbox) throws IOException {
    for (ByteBuffer part : parts) {
      if (!inbox.take(part)) {
        return false;
      }
      part.flip();
    }
    return true;
  }

  /// The bytes from `from` to `to`, as buffers of their own over the same memory.
  List<ByteBuffer> slice(int from, int to) {
    List<ByteBuffer> slices = new ArrayList<>();
    int start = 0;
    for (ByteBuffer part : parts) {
      int first = Math.max(from, start);
      int end = Math.min(to, start + part.limit());
      if (first < end) {
        slices.add(part.slice(first - start, end - first));
      }
      start += part.limit();
    }
    return slices;
  }
}
