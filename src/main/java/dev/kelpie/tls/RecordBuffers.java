package dev.kelpie.tls;

import dev.kelpie.platform.Locks;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Room for whole records, handed from connection to connection, so that one that is idle holds
/// none and a busy one need not allocate.
final class RecordBuffers {
  /// How many are kept for the next: enough for the connections that are busy at the same moment.
  private static final int KEPT_MAX = 32;

  private final Locks.Mutex mutex;
  private final int size;
  private final ArrayDeque<ByteBuffer> kept = new ArrayDeque<>();

  /// @param size of each in bytes
  RecordBuffers(Locks locks, int size) {
    this.mutex = locks.mutex();
    this.size = size;
  }

  /// The bytes that each holds.
  int size() {
    return size;
  }

  /// An empty one.
  ByteBuffer take() {
    mutex.lock();
    try {
      ByteBuffer last = kept.pollLast();
      if (last != null) {
        return last;
      }
    } finally {
      mutex.unlock();
    }
    return ByteBuffer.allocate(size);
  }

  /// Keeps one that nobody uses any more, or lets it go; any other buffer too.
  void giveBack(ByteBuffer buffer) {
    mutex.lock();
    try {
      if (buffer.capacity() == size && kept.size() < KEPT_MAX) {
        kept.addLast(buffer.clear());
      }
    } finally {
      mutex.unlock();
    }
  }
}
