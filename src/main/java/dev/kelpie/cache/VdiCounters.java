package dev.kelpie.cache;

import java.util.concurrent.atomic.LongAdder;

/// What happened in the cache on behalf of one VDI since the start. Counting takes no lock and
/// allocates nothing. What each counts stands at [CacheControl.Counters].
final class VdiCounters {
  final LongAdder hits = new LongAdder();
  final LongAdder misses = new LongAdder();
  final LongAdder pulledBytes = new LongAdder();
  final LongAdder readAheadBytes = new LongAdder();
  final LongAdder pushedBytes = new LongAdder();
  final LongAdder pushesFailed = new LongAdder();
  final LongAdder evictedBytes = new LongAdder();
  final LongAdder damagedClean = new LongAdder();
  final LongAdder damagedDirty = new LongAdder();
  final LongAdder throttleWaits = new LongAdder();

  /// The counts now; not of one moment where requests are under way.
  CacheControl.Counters read() {
    return new CacheControl.Counters(
        hits.sum(),
        misses.sum(),
        pulledBytes.sum(),
        readAheadBytes.sum(),
        pushedBytes.sum(),
        pushesFailed.sum(),
        evictedBytes.sum(),
        damagedClean.sum(),
        damagedDirty.sum(),
        throttleWaits.sum());
  }
}
