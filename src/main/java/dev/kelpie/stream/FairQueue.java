package dev.kelpie.stream;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Tasks that wait for shares of something scarce. Whoever asks first is served first, so that a
/// large share is not passed for ever by small ones. What there is to take its owner knows: all
/// that the owner hands in runs under one lock, and may not wait.
public final class FairQueue {
  /// How often one who waits looks whether its client is gone.
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal freed;
  private final ArrayDeque<Waiter> queue = new ArrayDeque<>();

  /// One who waits; each is only equal to itself.
  private static final class Waiter {
    private final long since;

    Waiter(long since) {
      this.since = since;
    }
  }

  /// Nobody waits yet.
  public FairQueue(Locks locks, Clock clock) {
    this.clock = clock;
    this.mutex = locks.mutex();
    this.freed = mutex.signal();
  }

  /// Takes a share if there is one now and nobody waits.
  ///
  /// @param attempt takes it; empty where there is not enough
  public <T> Optional<T> tryTake(Supplier<Optional<T>> attempt) {
    mutex.lock();
    try {
      return queue.isEmpty() ? attempt.get() : Optional.empty();
    } finally {
      mutex.unlock();
    }
  }

  /// Takes a share; waits for it.
  ///
  /// @param attempt takes it; empty where there is not enough yet
  /// @param gone whether nobody wants it any more; the answer is empty then, and only then
  public <T> Optional<T> take(Supplier<Optional<T>> attempt, BooleanSupplier gone) {
    mutex.lock();
    Waiter self = new Waiter(clock.nanos());
    queue.add(self);
    try {
      while (!gone.getAsBoolean()) {
        Optional<T> share = queue.element() == self ? attempt.get() : Optional.empty();
        if (share.isPresent()) {
          return share;
        }
        freed.await(LOOK);
      }
      return Optional.empty();
    } finally {
      queue.remove(self);
      freed.wakeAll();
      mutex.unlock();
    }
  }

  /// Gives a share back.
  public void giveBack(Runnable back) {
    mutex.lock();
    try {
      back.run();
      freed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether somebody has been waiting for longer than `limit`.
  public boolean shortFor(Duration limit) {
    mutex.lock();
    try {
      return !queue.isEmpty() && clock.nanos() - queue.element().since > limit.toNanos();
    } finally {
      mutex.unlock();
    }
  }

  /// How many wait.
  public int waiting() {
    mutex.lock();
    try {
      return queue.size();
    } finally {
      mutex.unlock();
    }
  }
}
