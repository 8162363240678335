package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.nio.file.Path;

/// Which chunks and object records are free, how far the files have grown, and who goes first when
/// all are taken. Its lock is the last one taken.
final class ChunkSpace {
  /// What growing leaves free on the device, for logs and the like: 64 MiB.
  private static final long RESERVE = 64L << 20;

  private static final int NONE = -1;

  private final Locks.Mutex mutex;
  private final Disk disk;
  private final Path directory;
  private final DiskFile index;
  private final DiskFile slab;
  private final Log log;
  private int capacity;
  private final Replacement replacement;

  private final int[] free;
  private int freeCount;
  private final int[] freeRecords;
  private int freeRecordCount;
  private int allocated;
  private boolean growing = true;

  ChunkSpace(Locks locks, Disk disk, Log log, CacheFiles files, int capacity) {
    this.mutex = locks.mutex();
    this.disk = disk;
    this.log = log;
    this.directory = files.directory();
    this.index = files.index();
    this.slab = files.slab();
    this.capacity = capacity;
    this.replacement = new Replacement(capacity);
    this.free = new int[capacity];
    this.freeRecords = new int[ChunkTable.stateSlots(capacity)];
    this.allocated = files.allocated();
  }

  /// How many chunks are allocated on the device.
  int allocated() {
    mutex.lock();
    try {
      return allocated;
    } finally {
      mutex.unlock();
    }
  }

  /// How many chunks there may be.
  int capacity() {
    return capacity;
  }

  /// Takes a free chunk; -1 where there is none and the files cannot grow.
  int take() {
    mutex.lock();
    try {
      if (freeCount == 0 && !grow()) {
        return NONE;
      }
      return free[--freeCount];
    } finally {
      mutex.unlock();
    }
  }

  /// Whether so many chunks could be taken now.
  boolean has(int count) {
    mutex.lock();
    try {
      while (freeCount < count && grow()) {
        // one step after the other
      }
      return freeCount >= count;
    } finally {
      mutex.unlock();
    }
  }

  /// How many chunks are neither in use nor unallocated.
  int freeCount() {
    mutex.lock();
    try {
      return freeCount + (growing ? capacity - allocated : 0);
    } finally {
      mutex.unlock();
    }
  }

  /// Whether the files could not grow as far as the quota allows.
  boolean stuck() {
    mutex.lock();
    try {
      return !growing;
    } finally {
      mutex.unlock();
    }
  }

  /// A chunk got its owner; `name` stands for what it holds.
  void added(int chunk, long name) {
    mutex.lock();
    try {
      replacement.add(chunk, name);
    } finally {
      mutex.unlock();
    }
  }

  /// A chunk was hit.
  void used(int chunk) {
    replacement.used(chunk);
  }

  /// A chunk has no owner any more.
  void release(int chunk) {
    mutex.lock();
    try {
      replacement.remove(chunk);
      free[freeCount++] = chunk;
    } finally {
      mutex.unlock();
    }
  }

  /// Takes the chunk that should go next out of the order; -1 for none. It may lose its owner
  /// before the caller has the owner's lock.
  int victim() {
    mutex.lock();
    try {
      return replacement.next();
    } finally {
      mutex.unlock();
    }
  }

  /// The victim cannot go now.
  void keep(int chunk) {
    mutex.lock();
    try {
      replacement.putBack(chunk);
    } finally {
      mutex.unlock();
    }
  }

  /// The victim goes; [#release] follows.
  void evicted(int chunk, long name) {
    mutex.lock();
    try {
      replacement.gone(chunk, name);
    } finally {
      mutex.unlock();
    }
  }

  /// Takes a free object record; -1 for none.
  int takeRecord() {
    mutex.lock();
    try {
      if (freeRecordCount == 0 && !grow()) {
        return NONE;
      }
      return freeRecords[--freeRecordCount];
    } finally {
      mutex.unlock();
    }
  }

  void releaseRecord(int slot) {
    mutex.lock();
    try {
      freeRecords[freeRecordCount++] = slot;
    } finally {
      mutex.unlock();
    }
  }

  /// Gives up the chunks from `first` on, which have no owner.
  void shrink(int first) {
    mutex.lock();
    try {
      int kept = 0;
      for (int i = 0; i < freeCount; i++) {
        if (free[i] < first) {
          free[kept++] = free[i];
        }
      }
      freeCount = kept;
      int records = 0;
      for (int i = 0; i < freeRecordCount; i++) {
        if (freeRecords[i] < ChunkTable.stateSlots(first)) {
          freeRecords[records++] = freeRecords[i];
        }
      }
      freeRecordCount = records;
      capacity = first;
      allocated = first;
    } finally {
      mutex.unlock();
    }
  }

  /// Allocates the next step, index first; where the device has no room, what is there must do.
  private boolean grow() {
    if (allocated == capacity || !growing) {
      return false;
    }
    int segment = allocated / IndexLayout.CHUNKS_PER_SEGMENT;
    int until = Math.min(capacity, (segment + 1) * IndexLayout.CHUNKS_PER_SEGMENT);
    long bytes = (long) (until - allocated) * IndexLayout.CHUNK_SIZE;
    try {
      if (disk.space(directory).usable() < bytes + RESERVE) {
        throw new Disk.NoSpace("less than " + (RESERVE >> 20) + " MiB would be left");
      }
      index.allocate(IndexLayout.segment(segment), IndexLayout.SEGMENT_SIZE);
      slab.allocate(IndexLayout.slabOffset(allocated), bytes);
    } catch (IOException e) {
      growing = false;
      log.warn(
          "object cache stays at "
              + (((long) allocated * IndexLayout.CHUNK_SIZE) >> 20)
              + " MiB, "
              + directory
              + " has no room for more: "
              + e.getMessage());
      return false;
    }
    for (int chunk = until - 1; chunk >= allocated; chunk--) {
      free[freeCount++] = chunk;
    }
    if (allocated % IndexLayout.CHUNKS_PER_SEGMENT == 0) {
      int first = segment * IndexLayout.OBJECTS_PER_SEGMENT;
      for (int slot = first + IndexLayout.OBJECTS_PER_SEGMENT - 1; slot >= first; slot--) {
        freeRecords[freeRecordCount++] = slot;
      }
    }
    allocated = until;
    return true;
  }
}
