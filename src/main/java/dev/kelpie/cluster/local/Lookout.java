package dev.kelpie.cluster.local;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.time.Duration;

/// Looks around again and again, on a thread of its own, since it has to be on time.
final class Lookout {
  /// How long its end is waited for: longer than the longest look, which waits for the directory's
  /// lock.
  private static final Duration END_LIMIT = DirectoryLock.LIMIT.multipliedBy(2);

  private final Runnable look;
  private final Duration every;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private boolean closed;
  private boolean ended;

  private Lookout(Locks locks, Duration every, Runnable look) {
    this.look = look;
    this.every = every;
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
  }

  static Lookout start(Platform platform, String name, Duration every, Runnable look) {
    Lookout lookout = new Lookout(platform.locks(), every, look);
    platform.tasks().startDedicated(name, lookout::run);
    return lookout;
  }

  private void run() {
    try {
      while (awaitNext()) {
        look.run();
      }
    } finally {
      mutex.lock();
      try {
        ended = true;
        changed.wakeAll();
      } finally {
        mutex.unlock();
      }
    }
  }

  @SuppressWarnings("WaitNotInLoop") // a look too early does no harm
  private boolean awaitNext() {
    mutex.lock();
    try {
      if (!closed) {
        changed.await(every);
      }
      return !closed;
    } finally {
      mutex.unlock();
    }
  }

  /// Ends it, and waits until it does not look any more.
  void close() {
    mutex.lock();
    try {
      closed = true;
      changed.wakeAll();
      while (!ended && changed.await(END_LIMIT)) {
        // Woken for another reason.
      }
    } finally {
      mutex.unlock();
    }
  }
}
