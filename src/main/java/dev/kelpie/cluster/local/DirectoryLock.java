package dev.kelpie.cluster.local;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// The lock of a directory, which one process at a time has for one turn: some milliseconds, mostly
/// those of a sync.
///
/// Who finds it taken tries again after a short pause of varying length. A wait in the kernel could
/// not be ended, neither after a limit nor with the task; and with any number of waiters one of
/// them comes soon after the lock is free, while none of them asks more than a thousand times a
/// second.
final class DirectoryLock {
  /// How long a turn of another process is waited for. Far more than a hundred turns on a slow disk
  /// take; who has the lock for longer is paused, or its disk hangs.
  static final Duration LIMIT = Duration.ofSeconds(10);

  private static final long PAUSE_NANOS_MIN = 1_000_000;
  private static final long PAUSE_NANOS_MAX = 3_000_000;

  private final Platform platform;
  private final Path path;
  private final Locks.Mutex mutex;
  private final Locks.Signal never;

  DirectoryLock(Platform platform, Path directory) {
    this.platform = platform;
    this.path = directory.resolve("lock");
    this.mutex = platform.locks().mutex();
    this.never = mutex.signal();
  }

  /// Waits for the lock, which ends with the result.
  ///
  /// @throws Unusable where the directory is gone
  /// @throws IOException where another process has the lock for too long
  Closeable take() throws IOException {
    long start = platform.clock().nanos();
    while (true) {
      Optional<Closeable> held = tryTake();
      if (held.isPresent()) {
        return held.get();
      }
      if (platform.clock().nanos() - start > LIMIT.toNanos()) {
        throw new IOException(
            "another process has had "
                + path
                + " for "
                + LIMIT.toSeconds()
                + " s; continue or end it (fuser -v "
                + path
                + " shows which)");
      }
      pause();
    }
  }

  private Optional<Closeable> tryTake() throws IOException {
    try {
      return platform.disk().lock(path);
    } catch (NoSuchFileException e) {
      throw new Unusable(path.getParent() + " is no directory, or is one no longer", e);
    }
  }

  @SuppressWarnings("WaitNotInLoop") // nobody ends this wait; the loop is the caller's
  private void pause() {
    long nanos = platform.chance().nextLong(PAUSE_NANOS_MIN, PAUSE_NANOS_MAX);
    mutex.lock();
    try {
      never.await(Duration.ofNanos(nanos));
    } finally {
      mutex.unlock();
    }
  }
}
