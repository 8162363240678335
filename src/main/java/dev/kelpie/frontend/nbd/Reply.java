package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.util.List;

/// A whole reply of a task, ready to leave.
///
/// @param parts to be sent in this order, each from position to limit
/// @param left told once when they were sent, or never will be
record Reply(List<ByteBuffer> parts, Runnable left) {
  /// How many bytes are to be sent.
  int size() {
    int size = 0;
    for (ByteBuffer part : parts) {
      size += part.remaining();
    }
    return size;
  }
}
