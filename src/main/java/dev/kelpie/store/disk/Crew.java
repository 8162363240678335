package dev.kelpie.store.disk;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Optional;

/// Does the same with each of many files, several at once, so that the device has more than one
/// sync to work on.
final class Crew {
  private final Tasks tasks;
  private final Locks locks;
  private final int size;

  Crew(Tasks tasks, Locks locks, int size) {
    this.tasks = tasks;
    this.locks = locks;
    this.size = size;
  }

  /// What is done with a file.
  @FunctionalInterface
  interface Job {
    void on(ObjectFile file) throws IOException;
  }

  /// Returns when it was done with every file, or when it failed for one and the others under way
  /// have ended.
  void each(Collection<ObjectFile> files, Job job) throws IOException {
    Shift shift = new Shift(locks.mutex(), files, job);
    int helpers = Math.min(size, files.size()) - 1;
    for (int i = 0; i < helpers; i++) {
      shift.begun();
      tasks.start("disk-sync", shift::help);
    }
    shift.work();
    shift.finish();
  }

  private static final class Shift {
    private final Locks.Mutex mutex;
    private final Locks.Signal left;
    private final ArrayDeque<ObjectFile> files;
    private final Job job;
    private int helpers;
    private Optional<Throwable> failure = Optional.empty();

    Shift(Locks.Mutex mutex, Collection<ObjectFile> files, Job job) {
      this.mutex = mutex;
      this.left = mutex.signal();
      this.files = new ArrayDeque<>(files);
      this.job = job;
    }

    void begun() {
      mutex.lock();
      helpers++;
      mutex.unlock();
    }

    void help() {
      try {
        work();
      } finally {
        mutex.lock();
        helpers--;
        left.wakeAll();
        mutex.unlock();
      }
    }

    void work() {
      while (true) {
        Optional<ObjectFile> file = next();
        if (file.isEmpty()) {
          return;
        }
        try {
          job.on(file.get());
        } catch (IOException | RuntimeException | Error cause) {
          failed(cause);
        }
      }
    }

    void finish() throws IOException {
      mutex.lock();
      try {
        while (helpers > 0) {
          left.await();
        }
        switch (failure.orElse(null)) {
          case null -> {}
          case IOException cause -> throw cause;
          case RuntimeException cause -> throw cause;
          case Error cause -> throw cause;
          case Throwable cause -> throw new IllegalStateException(cause);
        }
      } finally {
        mutex.unlock();
      }
    }

    private Optional<ObjectFile> next() {
      mutex.lock();
      try {
        return failure.isPresent() ? Optional.empty() : Optional.ofNullable(files.poll());
      } finally {
        mutex.unlock();
      }
    }

    private void failed(Throwable cause) {
      mutex.lock();
      try {
        if (failure.isEmpty()) {
          failure = Optional.of(cause);
        }
      } finally {
        mutex.unlock();
      }
    }
  }
}
