package dev.kelpie.cache;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

/// The tasks that bring blocks here which nobody has asked for yet: how they keep to a rate
/// together, let clients go first, and end: with the cache, and soon after it has turned itself
/// off. They are never interrupted, since that would close a file under them.
final class Background {
  /// Fast enough for a system that starts, slow enough to leave a gigabit network half free.
  private static final long BYTES_PER_SECOND = 64L << 20;

  private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

  /// How often a step lets clients go first before it takes its turn all the same.
  private static final int GIVE_WAY_MAX = 50;

  private final CacheState state;
  private final CacheSwitch power;
  private final Tasks tasks;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final Clock clock;

  /// When the bytes of all steps so far may have come, in nanoseconds of the clock.
  private long paid;

  private int running;
  private boolean stopped;

  Background(CacheState state, CacheSwitch power, Tasks tasks, Locks locks, Clock clock) {
    this.state = state;
    this.power = power;
    this.tasks = tasks;
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.clock = clock;
    this.paid = clock.nanos();
  }

  /// Starts a task.
  ///
  /// @return whether it runs: not where the cache closes, or there is no thread for it
  boolean start(String name, Runnable body) {
    if (!enter()) {
      return false;
    }
    boolean started = false;
    try {
      tasks.start(name, () -> run(body));
      started = true;
    } catch (RejectedExecutionException e) {
      return false; // clients need the threads more
    } finally {
      if (!started) {
        leave();
      }
    }
    return true;
  }

  /// Waits before the next step: as long as the last one's bytes may take, after those of other
  /// tasks, and while clients wait for the backend.
  ///
  /// @return whether to go on
  boolean pace(long bytes) {
    boolean on = bytes == 0 || pause(pay(bytes));
    for (int i = 0; i < GIVE_WAY_MAX && on && state.clientPulls.get() > 0; i++) {
      on = pause(LOOK_AGAIN);
    }
    return on && !stopped();
  }

  private Duration pay(long bytes) {
    mutex.lock();
    try {
      long now = clock.nanos();
      paid = now + Math.max(0, paid - now) + bytes * 1_000_000_000L / BYTES_PER_SECOND;
      return Duration.ofNanos(paid - now);
    } finally {
      mutex.unlock();
    }
  }

  /// Waits.
  ///
  /// @return whether to go on
  boolean pause(Duration time) {
    mutex.lock();
    try {
      if (!stopped) {
        changed.await(time);
      }
      return !stopped && !power.isOff();
    } finally {
      mutex.unlock();
    }
  }

  boolean stopped() {
    mutex.lock();
    try {
      return stopped || power.isOff();
    } finally {
      mutex.unlock();
    }
  }

  /// Lets every task end, and waits for them.
  ///
  /// @return whether they ended in time
  boolean stop(Duration limit) {
    mutex.lock();
    try {
      stopped = true;
      changed.wakeAll();
      boolean woken = true;
      while (running > 0 && woken) {
        woken = changed.await(limit);
      }
      return running == 0;
    } finally {
      mutex.unlock();
    }
  }

  private void run(Runnable body) {
    try {
      body.run();
    } finally {
      leave();
    }
  }

  private boolean enter() {
    mutex.lock();
    try {
      running += stopped ? 0 : 1;
      return !stopped;
    } finally {
      mutex.unlock();
    }
  }

  private void leave() {
    mutex.lock();
    try {
      running--;
      if (stopped) {
        changed.wakeAll();
      }
    } finally {
      mutex.unlock();
    }
  }
}
