package dev.kelpie.platform;

import java.time.Duration;

/// Threads. A task is named for thread dumps and logs; an exception that leaves it is handed to the
/// handler the platform was built with, never lost.
public interface Tasks {
  /// Starts a task on a thread of its own that is cheap to have by the thousand. It may block on
  /// locks, the network and short disk calls.
  ///
  /// @throws java.util.concurrent.RejectedExecutionException where the machine has no thread for it
  Task start(String name, Runnable body);

  /// Starts a task on a dedicated operating system thread, for loops that must run on time or spend
  /// most of their life in disk calls.
  ///
  /// @throws java.util.concurrent.RejectedExecutionException where the machine has no thread for it
  Task startDedicated(String name, Runnable body);

  /// Waits.
  ///
  /// @throws InterruptedException where the task was cancelled meanwhile
  void sleep(Duration time) throws InterruptedException;

  /// A started task.
  interface Task {
    /// Interrupts the task. It ends when it next waits or looks.
    void cancel();

    /// Waits for the end of the task.
    ///
    /// @return whether it ended in time
    boolean join(Duration limit) throws InterruptedException;
  }
}
