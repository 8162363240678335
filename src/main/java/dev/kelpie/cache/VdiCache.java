package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What the cache holds of one VDI: counts, and the objects that differ from the backend in the
/// order in which they began to. Its lock is taken under a [Stripe]'s and held over nothing that
/// waits.
final class VdiCache {
  final VdiId id;

  /// Changed with the lock of [ChunkSpace], so that it is in line with [#share].
  final AtomicInteger chunks = new AtomicInteger();

  final AtomicInteger dirtyChunks = new AtomicInteger();
  final AtomicLong dirtyBlocks = new AtomicLong();
  final AtomicLong validBlocks = new AtomicLong();
  final VdiCounters counters = new VdiCounters();

  /// The objects that were removed by this process and not made again.
  final RemovedObjects removed;

  /// Whether the durable mark "may hold unflushed writes" is set.
  volatile boolean marked;

  /// What its disk has of the space. Changed with the lock of [ChunkSpace].
  volatile Share share;

  /// How fast it is pushed, and what [DirtyLimits] made of that last, in bytes per second.
  final PushRate rate;

  volatile double pushRate = PushRate.FIRST;

  /// What was pushed and not made durable, in bytes.
  final AtomicLong unsynced = new AtomicLong();

  /// When the last of the writes that are slowed begins, in nanoseconds of the clock.
  final AtomicLong nextWrite = new AtomicLong();

  /// Whether it was said that so much is dirty that it should be pushed.
  final AtomicBoolean pushWanted = new AtomicBoolean();

  /// Its writes past the cache.
  final WriteAround.Passage passage;

  /// What is read sequentially now.
  final Streams streams;

  /// Steps of reading ahead that are under way.
  final AtomicInteger aheadInFlight = new AtomicInteger();

  /// Notes what is read in the first minutes after the VDI was opened; null at other times.
  volatile @Nullable BootRecord bootRecord;

  private final Locks.Mutex mutex;

  /// Since when each object differs, in nanoseconds of the clock.
  private final Map<ObjectId, Long> differing = new LinkedHashMap<>();

  /// Its size, for who does not want the lock.
  private volatile int differingCount;

  private final AtomicInteger differingOfAll;

  /// @param now in nanoseconds of the clock
  /// @param differingOfAll how many objects of all VDIs differ
  VdiCache(VdiId id, Locks locks, long now, Share share, AtomicInteger differingOfAll) {
    this.id = id;
    this.differingOfAll = differingOfAll;
    this.share = share;
    this.rate = new PushRate(locks);
    this.passage = new WriteAround.Passage(now);
    this.mutex = locks.mutex();
    this.removed = new RemovedObjects(locks);
    this.streams = new Streams(locks);
  }

  /// So many bytes were pushed, and are not durable behind yet.
  void pushed(long bytes) {
    rate.pushed(bytes);
    unsynced.addAndGet(bytes);
  }

  void differs(ObjectId object, long now) {
    mutex.lock();
    try {
      differing.putIfAbsent(object, now);
      count();
    } finally {
      mutex.unlock();
    }
  }

  void same(ObjectId object) {
    mutex.lock();
    try {
      differing.remove(object);
      count();
    } finally {
      mutex.unlock();
    }
  }

  /// Nothing differs any more as far as anybody asks.
  void forgetDiffering() {
    mutex.lock();
    try {
      differing.clear();
      count();
    } finally {
      mutex.unlock();
    }
  }

  private void count() {
    int size = differing.size();
    differingOfAll.addAndGet(size - differingCount);
    differingCount = size;
  }

  /// The objects that differ, oldest first.
  List<ObjectId> differing() {
    mutex.lock();
    try {
      return differing.isEmpty() ? List.of() : new ArrayList<>(differing.keySet());
    } finally {
      mutex.unlock();
    }
  }

  int differingCount() {
    return differingCount;
  }

  /// Since when the object that has differed longest does, in nanoseconds of the clock.
  OptionalLong differsSince() {
    mutex.lock();
    try {
      return differing.isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(differing.values().iterator().next());
    } finally {
      mutex.unlock();
    }
  }

  /// Whether the object that has differed longest has done so since before `moment`.
  boolean differsSinceBefore(long moment) {
    mutex.lock();
    try {
      return !differing.isEmpty() && differing.values().iterator().next() - moment < 0;
    } finally {
      mutex.unlock();
    }
  }
}
