package dev.kelpie.cache;

import dev.kelpie.platform.Locks;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Direct buffers for bytes on their way between slab and backend. A few of each size are kept;
/// larger ones, for whole inodes, are made when they are needed.
final class Buffers {
  /// What single blocks need, a step of a prefetch, and the push of a part of an object or all.
  private static final int[] SIZES = {IndexLayout.CHUNK_SIZE, Prefetcher.STEP, 1 << 20, 4 << 20};

  /// How many of each size are kept: as many as pushes go in parallel.
  private static final int KEPT_MAX = 8;

  private final Locks.Mutex mutex;
  private final List<Deque<ByteBuffer>> kept = new ArrayList<>();

  Buffers(Locks locks) {
    this.mutex = locks.mutex();
    for (int i = 0; i < SIZES.length; i++) {
      kept.add(new ArrayDeque<>(KEPT_MAX));
    }
  }

  /// An empty buffer with room for at least `size` bytes; the caller gives it back.
  ByteBuffer take(int size) {
    for (int i = 0; i < SIZES.length; i++) {
      if (size <= SIZES[i]) {
        return take(kept.get(i), SIZES[i]);
      }
    }
    return ByteBuffer.allocateDirect(size);
  }

  private ByteBuffer take(Deque<ByteBuffer> buffers, int size) {
    mutex.lock();
    try {
      if (!buffers.isEmpty()) {
        return buffers.pop().clear();
      }
    } finally {
      mutex.unlock();
    }
    return ByteBuffer.allocateDirect(size);
  }

  void give(ByteBuffer buffer) {
    mutex.lock();
    try {
      for (int i = 0; i < SIZES.length; i++) {
        if (buffer.capacity() == SIZES[i] && kept.get(i).size() < KEPT_MAX) {
          kept.get(i).push(buffer);
        }
      }
    } finally {
      mutex.unlock();
    }
  }
}
