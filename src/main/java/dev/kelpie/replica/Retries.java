package dev.kelpie.replica;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;

/// How long something is tried, and how fast: at once after the first failure, since what has
/// failed may be a connection that was lost or a configuration that has changed; then more slowly
/// each time.
final class Retries {
  private static final Duration PAUSE_MIN = Duration.ofMillis(10);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

  private final Clock clock;
  private final Tasks tasks;
  private final long end;
  private Duration pause = Duration.ZERO;

  /// @param window for how long something is tried again
  Retries(Clock clock, Tasks tasks, Duration window) {
    this.clock = clock;
    this.tasks = tasks;
    this.end = clock.nanos() + window.toNanos();
  }

  /// Something has failed. Waits until it may be tried again.
  ///
  /// @param what was tried
  /// @throws IOException where that is not to be tried again, with the reasons
  void failed(String what, IOException why) throws IOException {
    if (clock.nanos() - end >= 0) {
      throw new IOException(what + ": " + why.getMessage(), why);
    }
    try {
      tasks.sleep(pause);
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while " + what + " was to be tried again");
    }
    pause = pause.isZero() ? PAUSE_MIN : min(pause.multipliedBy(2));
  }

  /// What a slot's record says now: who does not answer may not be the one to ask any more.
  ///
  /// @throws IOException where the record cannot be read, and that is not to be tried again
  Optional<SlotConfig> look(SlotTable table, int slot) throws IOException {
    while (true) {
      try {
        return table.look(slot);
      } catch (IOException e) {
        failed("the record of slot " + slot, e);
      }
    }
  }

  private static Duration min(Duration wanted) {
    return wanted.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : wanted;
  }
}
