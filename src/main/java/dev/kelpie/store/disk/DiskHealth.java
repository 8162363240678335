package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// Whether a disk is in service. The first failed write or sync takes it out for good: what the
/// device holds is in doubt from then on, and trying again would prove nothing.
final class DiskHealth {
  private final Path directory;
  private final Log log;
  private final AtomicBoolean failed = new AtomicBoolean();
  private volatile Optional<IOException> failure = Optional.empty();

  DiskHealth(Path directory, Log log) {
    this.directory = directory;
    this.log = log;
  }

  /// Something that changes the disk.
  @FunctionalInterface
  interface Action {
    void run() throws IOException;
  }

  boolean good() {
    return failure.isEmpty();
  }

  /// Does nothing while the disk is in service.
  ///
  /// @throws IOException naming the disk and why it was taken out
  void check() throws IOException {
    Optional<IOException> cause = failure;
    if (cause.isPresent()) {
      throw new IOException(
          "disk " + directory + " is out of service: " + cause.get().getMessage(), cause.get());
    }
  }

  /// Carries out a write or a sync.
  ///
  /// @param doing what, in words that follow "could not"
  /// @throws Disk.NoSpace as it is: a full disk stays in service
  /// @throws IOException where the disk failed, now or before
  void run(String doing, Action action) throws IOException {
    check();
    try {
      action.run();
    } catch (Disk.NoSpace full) {
      throw full;
    } catch (IOException cause) {
      takeOut(doing, cause);
      check();
    }
  }

  /// As [#run], for an action for which no space is as bad as any failure.
  void runOrFail(String doing, Action action) throws IOException {
    check();
    try {
      action.run();
    } catch (IOException cause) {
      takeOut(doing, cause);
      check();
    }
  }

  private void takeOut(String doing, IOException cause) {
    failure = Optional.of(cause);
    if (failed.compareAndSet(false, true)) {
      log.alert(
          "disk "
              + directory
              + " is taken out of service: could not "
              + doing
              + ": "
              + cause
              + "; its objects answer with errors until sheep is started again on a disk that works");
    }
  }
}
