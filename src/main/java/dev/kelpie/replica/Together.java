package dev.kelpie.replica;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// Does several things at the same time, and waits for all.
final class Together {
  private final Locks.Mutex mutex;
  private final Locks.Signal ended;
  private int running;
  private Optional<RuntimeException> failure = Optional.empty();

  private Together(Locks locks) {
    this.mutex = locks.mutex();
    this.ended = mutex.signal();
  }

  /// Runs all, the last of them in the caller's own task, as every one for which there is no
  /// thread. An exception of one of them is thrown when all have ended.
  static void run(String name, List<Runnable> parts, Tasks tasks, Locks locks) {
    if (parts.isEmpty()) {
      return;
    }
    Together together = new Together(locks);
    try {
      for (Runnable part : parts.subList(0, parts.size() - 1)) {
        together.start(name, part, tasks);
      }
      parts.getLast().run();
    } finally {
      together.awaitAll();
    }
    together.check();
  }

  private void start(String name, Runnable part, Tasks tasks) {
    mutex.lock();
    try {
      running++;
    } finally {
      mutex.unlock();
    }
    try {
      Tasks.Task _ = tasks.start(name, () -> runOne(part));
    } catch (RejectedExecutionException _) {
      runOne(part);
    }
  }

  private void runOne(Runnable part) {
    Optional<RuntimeException> how = Optional.of(new IllegalStateException("a part broke off"));
    try {
      part.run();
      how = Optional.empty();
    } catch (RuntimeException e) {
      how = Optional.of(e);
    } finally {
      end(how);
    }
  }

  private void end(Optional<RuntimeException> how) {
    mutex.lock();
    try {
      running--;
      failure = failure.or(() -> how);
      ended.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void awaitAll() {
    mutex.lock();
    try {
      while (running > 0) {
        ended.await();
      }
    } finally {
      mutex.unlock();
    }
  }

  private void check() {
    mutex.lock();
    try {
      if (failure.isPresent()) {
        throw failure.get();
      }
    } finally {
      mutex.unlock();
    }
  }
}
