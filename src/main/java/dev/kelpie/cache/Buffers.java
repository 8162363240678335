package dev.kelpie.cache;

import dev.kelpie.platform.Locks;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/// Direct buffers for bytes on their way between slab and backend. A few of two sizes are kept;
/// larger ones, for whole inodes, are made when they are needed.
final class Buffers {
  /// One chunk and one data object: what single blocks, and pushes of whole objects, need.
  private static final int[] SIZES = {IndexLayout.CHUNK_SIZE, 4 << 20};

  /// How many of each size are kept: as many as pushes go in parallel.
  private static final int KEPT_MAX = 8;

  private final Locks.Mutex mutex;
  private final Deque<ByteBuffer> small = new ArrayDeque<>();
  private final Deque<ByteBuffer> large = new ArrayDeque<>();

  Buffers(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// An empty buffer with room for at least `size` bytes; the caller gives it back.
  ByteBuffer take(int size) {
    if (size > SIZES[1]) {
      return ByteBuffer.allocateDirect(size);
    }
    Deque<ByteBuffer> kept = size <= SIZES[0] ? small : large;
    mutex.lock();
    try {
      if (!kept.isEmpty()) {
        return kept.pop().clear();
      }
    } finally {
      mutex.unlock();
    }
    return ByteBuffer.allocateDirect(size <= SIZES[0] ? SIZES[0] : SIZES[1]);
  }

  void give(ByteBuffer buffer) {
    mutex.lock();
    try {
      if (buffer.capacity() == SIZES[0] && small.size() < KEPT_MAX) {
        small.push(buffer);
      } else if (buffer.capacity() == SIZES[1] && large.size() < KEPT_MAX) {
        large.push(buffer);
      }
    } finally {
      mutex.unlock();
    }
  }
}
