package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// What the cache holds of one VDI: counts, and the objects that differ from the backend in the
/// order in which they began to. Its lock is taken under a [Stripe]'s and held over nothing that
/// waits.
final class VdiCache {
  final VdiId id;

  final AtomicInteger chunks = new AtomicInteger();
  final AtomicLong dirtyBlocks = new AtomicLong();
  final LongAdder hits = new LongAdder();
  final LongAdder misses = new LongAdder();

  /// The objects that were removed by this process and not made again.
  final RemovedObjects removed;

  /// Whether the durable mark "may hold unflushed writes" is set.
  volatile boolean marked;

  /// What is read sequentially now.
  final Streams streams;

  /// Bytes that were kept by reading ahead.
  final LongAdder aheadBytes = new LongAdder();

  /// Steps of reading ahead that are under way.
  final AtomicInteger aheadInFlight = new AtomicInteger();

  /// Notes what is read in the first minutes after the VDI was opened; null at other times.
  volatile @Nullable BootRecord bootRecord;

  private final Locks.Mutex mutex;

  /// Since when each object differs, in nanoseconds of the clock.
  private final Map<ObjectId, Long> differing = new LinkedHashMap<>();

  VdiCache(VdiId id, Locks locks) {
    this.id = id;
    this.mutex = locks.mutex();
    this.removed = new RemovedObjects(locks);
    this.streams = new Streams(locks);
  }

  void differs(ObjectId object, long now) {
    mutex.lock();
    try {
      differing.putIfAbsent(object, now);
    } finally {
      mutex.unlock();
    }
  }

  void same(ObjectId object) {
    mutex.lock();
    try {
      differing.remove(object);
    } finally {
      mutex.unlock();
    }
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
    mutex.lock();
    try {
      return differing.size();
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
