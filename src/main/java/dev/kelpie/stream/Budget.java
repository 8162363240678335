package dev.kelpie.stream;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// An amount of something that many tasks share, and the tasks that wait for it.
public final class Budget {
  private final FairQueue queue;
  private final long max;

  /// Changed under the queue's lock.
  private final AtomicLong used = new AtomicLong();

  /// Nothing is taken yet.
  public Budget(Locks locks, Clock clock, long max) {
    this.queue = new FairQueue(locks, clock);
    this.max = max;
  }

  /// Takes a share if at least `reserve` is left after it, and nobody waits.
  public boolean tryTake(long share, long reserve) {
    return queue.tryTake(() -> grab(share, reserve)).isPresent();
  }

  /// Takes a share; waits for it.
  ///
  /// @param line for whom
  /// @return whether it was taken; false once the line is closed
  public boolean take(long share, Line line) {
    return queue.take(() -> grab(share, 0), line::closed).isPresent();
  }

  private Optional<Long> grab(long share, long reserve) {
    return used.get() + share + reserve <= max
        ? Optional.of(used.addAndGet(share))
        : Optional.empty();
  }

  /// Gives a share back.
  public void free(long share) {
    queue.giveBack(() -> used.addAndGet(-share));
  }

  /// Whether somebody has been waiting for longer than `limit`.
  public boolean shortFor(Duration limit) {
    return queue.shortFor(limit);
  }

  /// How many wait.
  public int waiting() {
    return queue.waiting();
  }

  /// What is taken now.
  public long used() {
    return used.get();
  }
}
