package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.ArrayDeque;

/// An amount of something that many tasks share. Whoever asks first is served first, so that a
/// large share is not passed for ever by small ones.
final class Budget {
  /// How often a waiting task looks whether its connection was closed.
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal freed;
  private final long max;
  private final ArrayDeque<Waiter> queue = new ArrayDeque<>();
  private long used;

  /// One who waits; each is only equal to itself.
  private static final class Waiter {
    final long since;

    Waiter(long since) {
      this.since = since;
    }
  }

  Budget(Locks locks, Clock clock, long max) {
    this.clock = clock;
    this.mutex = locks.mutex();
    this.freed = mutex.signal();
    this.max = max;
  }

  /// Takes a share if at least `reserve` is left after it, and nobody waits.
  boolean tryTake(long share, long reserve) {
    mutex.lock();
    try {
      boolean taken = queue.isEmpty() && used + share + reserve <= max;
      if (taken) {
        used += share;
      }
      return taken;
    } finally {
      mutex.unlock();
    }
  }

  /// Takes a share; waits for it.
  ///
  /// @param line for whom
  /// @return whether it was taken; false once the line is closed
  boolean take(long share, Line line) {
    mutex.lock();
    Waiter self = new Waiter(clock.nanos());
    queue.add(self);
    try {
      while (!line.closed()) {
        if (queue.peek() == self && used + share <= max) {
          used += share;
          return true;
        }
        freed.await(LOOK);
      }
      return false;
    } finally {
      queue.remove(self);
      freed.wakeAll();
      mutex.unlock();
    }
  }

  /// Gives a share back.
  void free(long share) {
    mutex.lock();
    try {
      used -= share;
      freed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether somebody has been waiting for longer than `limit`.
  boolean shortFor(Duration limit) {
    mutex.lock();
    try {
      return !queue.isEmpty() && clock.nanos() - queue.element().since > limit.toNanos();
    } finally {
      mutex.unlock();
    }
  }

  /// How many wait.
  int waiting() {
    mutex.lock();
    try {
      return queue.size();
    } finally {
      mutex.unlock();
    }
  }

  /// What is taken now.
  long used() {
    mutex.lock();
    try {
      return used;
    } finally {
      mutex.unlock();
    }
  }
}
