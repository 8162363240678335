package dev.kelpie.platform;

import java.time.Duration;

/// Locks, made here so that a simulation sees every place where a task can wait for another.
public interface Locks {
  /// A new lock that one task holds at a time; a holder may take it again.
  Mutex mutex();

  /// A new lock that many share or one has alone.
  Gate gate();

  /// Held by one task at a time. Use as `mutex.lock(); try { ... } finally { mutex.unlock(); }`.
  interface Mutex {
    void lock();

    /// Takes the lock if nobody holds it.
    boolean tryLock();

    void unlock();

    /// A new condition under this lock.
    Signal signal();
  }

  /// A condition under a [Mutex]. The caller of each method holds the mutex. A wait may end for no
  /// reason, so it stands in a loop that checks what it waits for.
  interface Signal {
    /// Waits for [#wakeAll], without limit and whether or not the task is cancelled meanwhile.
    void await();

    /// Waits for [#wakeAll], at most so long.
    ///
    /// @return whether it was woken in time
    boolean await(Duration limit);

    void wakeAll();
  }

  /// Shared by many or had by one. Not to be taken again by a task that has it.
  interface Gate {
    void enterShared();

    /// Enters if that needs no wait.
    boolean tryEnterShared();

    void leaveShared();

    void enterAlone();

    void leaveAlone();
  }
}
