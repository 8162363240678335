package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which chunks and object records are free, how far the files have grown, how many chunks each
/// disk has, and who goes first when all are taken. Its lock is the last one taken.
final class ChunkSpace {
  /// How long growing is not tried again after it failed: each try asks the device.
  static final Duration RETRY = Duration.ofSeconds(10);

  private static final int NONE = FreeChunks.NONE;

  private final Locks.Mutex mutex;
  private final Clock clock;
  private final Device device;
  private final Log log;
  private volatile int capacity;
  private final Replacement replacement;
  private final Shares shares;

  /// The blocks of each chunk that clients have asked for since it came.
  private final short[] asked;

  private final FreeChunks free;
  private final int[] freeRecords;
  private int freeRecordCount;
  private volatile int allocated;

  /// Whether the files may grow; false from a try that failed to one that did not.
  private volatile boolean growing = true;

  /// When growing failed last.
  private long failedAt;

  /// Where the chunks lie.
  @FunctionalInterface
  interface Device {
    /// Allocates these chunks, and before them their records.
    ///
    /// @throws IOException where there is no room, with the place
    void allocate(int first, int end) throws IOException;
  }

  /// @param allocated how many chunks the device has, none of which is free yet
  ChunkSpace(Locks locks, Clock clock, Log log, Device device, int allocated, int capacity) {
    this.mutex = locks.mutex();
    this.clock = clock;
    this.device = device;
    this.log = log;
    this.capacity = capacity;
    this.replacement = new Replacement(capacity);
    this.shares = new Shares(replacement);
    this.asked = new short[capacity];
    this.free = new FreeChunks(capacity);
    this.freeRecords = new int[ChunkTable.stateSlots(capacity)];
    this.allocated = allocated;
  }

  /// How many chunks are allocated on the device.
  int allocated() {
    return allocated;
  }

  /// How many chunks there may be.
  int capacity() {
    return capacity;
  }

  /// How many chunks there can be: fewer where the device has no room for more.
  int usable() {
    return growing ? capacity : allocated;
  }

  /// How many chunks may be reserved of so many. The rest is for everybody, so that disks without a
  /// reservation can always write.
  static int reservable(int chunks) {
    return (int) ((long) chunks * 3 / 4);
  }

  /// A share without limits.
  Share newShare() {
    return new Share(replacement.common());
  }

  /// Takes a free chunk for a VDI; -1 where its disk is at its quota, or there is none and the
  /// files cannot grow.
  ///
  /// @param wanted which one would lie beside others of its object; -1 where it has none nearby
  int take(VdiCache vdi, int wanted) {
    mutex.lock();
    try {
      if (vdi.share.isFull() || (free.count() == 0 && !grow())) {
        return NONE;
      }
      count(vdi, 1);
      int chunk = free.take(wanted, allocated);
      asked[chunk] = 0;
      return chunk;
    } finally {
      mutex.unlock();
    }
  }

  /// How many of so many chunks a VDI could not take now.
  int missing(VdiCache vdi, int count) {
    mutex.lock();
    try {
      while (free.count() < count && grow()) {
        // one step after the other
      }
      int wanted = Math.min(count, vdi.share.max);
      return wanted - Math.max(0, Math.min(free.count(), vdi.share.max - vdi.share.used));
    } finally {
      mutex.unlock();
    }
  }

  /// Makes these VDIs the ones of one disk, with a quota and a reservation.
  ///
  /// @return whether chunks compete with others now, so that each has to be told with [#rehome]
  boolean share(List<VdiCache> vdis, int max, int min) {
    mutex.lock();
    try {
      Share share = shares.of(vdis, this::newShare);
      boolean moved = false;
      for (VdiCache vdi : vdis) {
        moved |= shares.join(vdi, share);
      }
      Replacement.Queues before = share.queues;
      shares.limit(share, max, min);
      return moved || (share.used > 0 && before != share.queues);
    } finally {
      mutex.unlock();
    }
  }

  /// A chunk in use goes where those of its VDI belong. Called with the lock of its [Stripe].
  void rehome(int chunk, VdiCache vdi) {
    mutex.lock();
    try {
      replacement.move(chunk, vdi.share.queues);
    } finally {
      mutex.unlock();
    }
  }

  /// How many chunks belong to objects.
  int used() {
    mutex.lock();
    try {
      return allocated - free.count();
    } finally {
      mutex.unlock();
    }
  }

  /// How many chunks are not in use.
  int freeCount() {
    mutex.lock();
    try {
      return free();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether a VDI can take a chunk without another being given up for it.
  boolean hasFree(VdiCache vdi) {
    mutex.lock();
    try {
      return free() > 0 && !vdi.share.isFull();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether a VDI can get so many chunks without giving up any of its disk's.
  ///
  /// @param dirty how many cannot be evicted, whosever they are
  boolean hasRoom(VdiCache vdi, int chunks, int dirty) {
    mutex.lock();
    try {
      Share own = vdi.share;
      int others = allocated - free.count() - own.used;
      long evictable = others - shares.keptFrom(own, reservable(usable())) - dirty;
      return own.max - own.used >= chunks && free() + Math.max(0, evictable) >= chunks;
    } finally {
      mutex.unlock();
    }
  }

  private int free() {
    return free.count() + (growing ? capacity - allocated : 0);
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

  /// A chunk that was in use when the cache was opened is so again.
  void resume(VdiCache vdi) {
    mutex.lock();
    try {
      count(vdi, 1);
    } finally {
      mutex.unlock();
    }
  }

  /// A chunk got its owner; `name` stands for what it holds.
  void added(int chunk, VdiCache vdi, long name) {
    mutex.lock();
    try {
      replacement.add(chunk, name, vdi.share.queues);
    } finally {
      mutex.unlock();
    }
  }

  /// A client asked for these blocks of a chunk. That is a use where one of them was asked for
  /// before since the chunk came; else what is fetched ahead and read once, or written once, would
  /// push out what is used (docs/cache-replacement.md). Called with the lock of the owner's
  /// [Stripe].
  void asked(int chunk, int blocks) {
    if ((asked[chunk] & blocks) != 0) {
      replacement.used(chunk);
    }
    asked[chunk] |= (short) blocks;
  }

  /// A chunk is wanted, whatever was asked for.
  void used(int chunk) {
    replacement.used(chunk);
  }

  /// A VDI's chunk has no owner any more.
  void release(int chunk, VdiCache vdi) {
    mutex.lock();
    try {
      count(vdi, -1);
      replacement.remove(chunk);
      free.add(chunk);
    } finally {
      mutex.unlock();
    }
  }

  /// A chunk without an owner is free.
  void release(int chunk) {
    mutex.lock();
    try {
      free.add(chunk);
    } finally {
      mutex.unlock();
    }
  }

  /// Takes the chunk that should go next for this VDI out of the order; null for none. It may lose
  /// its owner before the caller has the owner's lock. One of [#keep], [#missed] and [#evicted]
  /// follows.
  Shares.@Nullable Victim victim(VdiCache forWhom) {
    mutex.lock();
    try {
      return shares.victim(forWhom.share, reservable(usable()));
    } finally {
      mutex.unlock();
    }
  }

  /// The victim cannot go now.
  void keep(Shares.Victim victim) {
    mutex.lock();
    try {
      shares.keep(victim);
    } finally {
      mutex.unlock();
    }
  }

  /// The victim was released by another.
  void missed(Shares.Victim victim) {
    mutex.lock();
    try {
      shares.missed(victim);
    } finally {
      mutex.unlock();
    }
  }

  /// The victim was released, because it was one.
  void evicted(Shares.Victim victim, long name) {
    mutex.lock();
    try {
      shares.gone(victim, name);
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
      free.shrink(first);
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

  private static void count(VdiCache vdi, int chunks) {
    vdi.chunks.addAndGet(chunks);
    vdi.share.used += chunks;
  }

  /// Allocates the next step. Where the device has no room, what is there must do, and who lacks
  /// space some time later tries again.
  private boolean grow() {
    if (allocated == capacity || (!growing && clock.nanos() - failedAt < RETRY.toNanos())) {
      return false;
    }
    int segment = allocated / IndexLayout.CHUNKS_PER_SEGMENT;
    int until = Math.min(capacity, (segment + 1) * IndexLayout.CHUNKS_PER_SEGMENT);
    try {
      device.allocate(allocated, until);
    } catch (IOException e) {
      cannotGrow(e);
      return false;
    }
    if (!growing) {
      growing = true;
      log.notice("object cache grows on: there is room again");
    }
    addFree(segment, until);
    return true;
  }

  private void addFree(int segment, int until) {
    free.add(allocated, until);
    if (allocated % IndexLayout.CHUNKS_PER_SEGMENT == 0) {
      int first = segment * IndexLayout.OBJECTS_PER_SEGMENT;
      for (int slot = first + IndexLayout.OBJECTS_PER_SEGMENT - 1; slot >= first; slot--) {
        freeRecords[freeRecordCount++] = slot;
      }
    }
    allocated = until;
  }

  /// Says so once, until it has grown again.
  private void cannotGrow(IOException reason) {
    if (growing) {
      log.warn(
          "object cache stays at "
              + (((long) allocated * IndexLayout.CHUNK_SIZE) >> 20)
              + " MiB for now, there is no room for more: "
              + reason.getMessage());
    }
    growing = false;
    failedAt = clock.nanos();
  }
}
