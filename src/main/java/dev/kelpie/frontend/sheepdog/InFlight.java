package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;

/// The requests of one connection that were read and are not answered, bounded by number and bytes.
final class InFlight {
  /// Requests at a time: many times what the usual clients send ahead (16 to 128), and few enough
  /// that a flood is only the flooder's trouble.
  static final int REQUESTS_MAX = 128;

  /// Their payload bytes: eight whole data objects. One larger request may run alone.
  static final long BYTES_MAX = 32 << 20;

  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final Clock clock;
  private int requests;
  private long bytes;

  InFlight(Locks locks, Clock clock) {
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.clock = clock;
  }

  /// Adds a request if it fits.
  boolean tryEnter(long share) {
    mutex.lock();
    try {
      boolean fits = fits(share);
      if (fits) {
        add(share);
      }
      return fits;
    } finally {
      mutex.unlock();
    }
  }

  /// Adds a request; waits until it fits.
  void enter(long share) {
    mutex.lock();
    try {
      while (!fits(share)) {
        changed.await();
      }
      add(share);
    } finally {
      mutex.unlock();
    }
  }

  /// A request that was added has been answered.
  void leave(long share) {
    mutex.lock();
    try {
      requests--;
      bytes -= share;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether there is any.
  boolean any() {
    mutex.lock();
    try {
      return requests > 0;
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until there is none.
  void awaitNone() {
    mutex.lock();
    try {
      while (requests > 0) {
        changed.await();
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until there is none, at most until `end`.
  ///
  /// @param end in the clock's nanoseconds
  /// @return whether there is none
  boolean awaitNone(long end) {
    mutex.lock();
    try {
      long left = end - clock.nanos();
      while (requests > 0 && left > 0) {
        changed.await(Duration.ofNanos(left));
        left = end - clock.nanos();
      }
      return requests == 0;
    } finally {
      mutex.unlock();
    }
  }

  private boolean fits(long share) {
    return requests == 0 || (requests < REQUESTS_MAX && bytes + share <= BYTES_MAX);
  }

  private void add(long share) {
    requests++;
    bytes += share;
  }
}
