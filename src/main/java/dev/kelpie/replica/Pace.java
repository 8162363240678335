package dev.kelpie.replica;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;

/// Keeps recovery to its [Throttle]: what was copied puts off the next slot, whoever begins it.
final class Pace {
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private Throttle throttle = Throttle.NONE;
  private long counted;
  private long freeAt;
  private boolean closed;

  Pace(Clock clock, Locks locks) {
    this.clock = clock;
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.freeAt = clock.nanos();
  }

  /// Holds from now on, also for what waits.
  void set(Throttle next) {
    mutex.lock();
    try {
      throttle = next;
      freeAt = clock.nanos();
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  Throttle throttle() {
    mutex.lock();
    try {
      return throttle;
    } finally {
      mutex.unlock();
    }
  }

  /// Nothing is to be begun any more.
  void close() {
    mutex.lock();
    try {
      closed = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until something may be begun.
  ///
  /// @return false where nothing may be begun any more
  boolean await() {
    mutex.lock();
    try {
      long wait = freeAt - clock.nanos();
      while (!closed && wait > 0) {
        boolean _ = changed.await(Duration.ofNanos(wait));
        wait = freeAt - clock.nanos();
      }
      return !closed;
    } finally {
      mutex.unlock();
    }
  }

  /// So many objects were copied since the node started.
  void copied(long objects) {
    mutex.lock();
    try {
      long more = Math.max(0, objects - counted);
      counted += more;
      freeAt = Math.max(freeAt, clock.nanos()) + throttle.nanos(more);
    } finally {
      mutex.unlock();
    }
  }
}
