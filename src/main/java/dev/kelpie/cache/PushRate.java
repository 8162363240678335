package dev.kelpie.cache;

import dev.kelpie.platform.Locks;

/// How fast a VDI's dirty data could be pushed lately: bytes over the time in which flushes were
/// under way, what is longer ago counting less. A backend that hangs makes it fall while it hangs.
final class PushRate {
  /// What is assumed before anything was pushed, in bytes per second: of a slow disk.
  static final long FIRST = 16L << 20;

  /// The assumption weighs as much as this time of pushing.
  private static final double FIRST_SECONDS = 0.25;

  /// After so many seconds of pushing what was before counts half.
  private static final double HALF_LIFE = 5;

  /// A flush of less in less time says more about latency than about throughput, and is left out
  /// unless it was faster than expected.
  private static final long SAMPLE_BYTES = 1L << 20;

  private static final double SAMPLE_SECONDS = 0.5;
  private static final double NANOS = 1e9;

  private final Locks.Mutex mutex;
  private double bytes = FIRST * FIRST_SECONDS;
  private double seconds = FIRST_SECONDS;
  private int flushes;
  private long since;
  private long fresh;

  PushRate(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// A flush begins.
  void begin(long nanos) {
    mutex.lock();
    try {
      if (flushes++ == 0) {
        since = nanos;
        fresh = 0;
      }
    } finally {
      mutex.unlock();
    }
  }

  /// The backend has taken so many bytes.
  void pushed(long count) {
    mutex.lock();
    try {
      fresh += count;
    } finally {
      mutex.unlock();
    }
  }

  /// A flush ends, well or not.
  void end(long nanos) {
    mutex.lock();
    try {
      count(nanos);
      flushes--;
    } finally {
      mutex.unlock();
    }
  }

  /// In bytes per second.
  double perSecond(long nanos) {
    mutex.lock();
    try {
      if (flushes > 0) {
        count(nanos);
      }
      return bytes / seconds;
    } finally {
      mutex.unlock();
    }
  }

  private void count(long nanos) {
    double elapsed = (nanos - since) / NANOS;
    boolean small = fresh < SAMPLE_BYTES && elapsed < SAMPLE_SECONDS;
    if (small && fresh <= elapsed * bytes / seconds) {
      return;
    }
    double kept = Math.pow(2, -elapsed / HALF_LIFE);
    bytes = bytes * kept + fresh;
    seconds = seconds * kept + elapsed;
    since = nanos;
    fresh = 0;
  }
}
