package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.platform.Locks;
import java.util.Arrays;

/// A [BootSet] in the making. Its memory is bounded and had from the start, so that noting a read
/// allocates nothing; what comes when it is full is not noted.
final class BootRecord {
  private final int[] chunks = new int[BootSet.CHUNKS_MAX];
  private final short[] blocks = new short[BootSet.CHUNKS_MAX];

  /// Open addressing; place in `chunks` + 1, 0 for none. Twice as many as there can be chunks.
  private final short[] places = new short[BootSet.CHUNKS_MAX * 2];

  private final Locks.Mutex mutex;
  private int count;

  BootRecord(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// A client read a range of the disk.
  void read(long at, int length) {
    if (length <= 0) {
      return;
    }
    mutex.lock();
    try {
      long last = (at + length - 1) / BLOCK_SIZE;
      for (long block = at / BLOCK_SIZE; block <= last; ) {
        long chunk = block / BLOCKS_PER_CHUNK;
        long until = Math.min(last, (chunk + 1) * BLOCKS_PER_CHUNK - 1);
        add(
            (int) chunk,
            BlockMask.range((int) (block % BLOCKS_PER_CHUNK), (int) (until % BLOCKS_PER_CHUNK)));
        block = until + 1;
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Adds what another set has.
  void add(BootSet set) {
    mutex.lock();
    try {
      for (int i = 0; i < set.size(); i++) {
        add(set.chunks()[i], set.blocks()[i]);
      }
    } finally {
      mutex.unlock();
    }
  }

  /// What was noted so far.
  BootSet set() {
    mutex.lock();
    try {
      return new BootSet(Arrays.copyOf(chunks, count), Arrays.copyOf(blocks, count));
    } finally {
      mutex.unlock();
    }
  }

  boolean full() {
    mutex.lock();
    try {
      return count == BootSet.CHUNKS_MAX;
    } finally {
      mutex.unlock();
    }
  }

  private void add(int chunk, int mask) {
    int at = place(chunk);
    if (places[at] == 0) {
      if (count == BootSet.CHUNKS_MAX || chunk >= BootSet.CHUNKS_OF_DISK) {
        return;
      }
      chunks[count++] = chunk;
      places[at] = (short) count;
    }
    blocks[places[at] - 1] |= (short) mask;
  }

  private int place(int chunk) {
    int mask = places.length - 1;
    int at = (chunk * 0x9E3779B1) >>> 8 & mask;
    while (places[at] != 0 && chunks[places[at] - 1] != chunk) {
      at = (at + 1) & mask;
    }
    return at;
  }
}
