package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;

/// Failures of requests, in the log. A device that is gone fails every request, so that at most so
/// many lines are written in a time; how many were left out is said with the next one.
final class FaultLog {
  /// Lines in each period: enough to see whether it is one object or all of them.
  private static final int LINES = 10;

  private static final Duration PERIOD = Duration.ofSeconds(10);

  private final Log log;
  private final Clock clock;
  private final Locks.Mutex mutex;
  private long periodSince;
  private int lines;
  private long leftOut;

  FaultLog(Log log, Clock clock, Locks locks) {
    this.log = log;
    this.clock = clock;
    this.mutex = locks.mutex();
    this.periodSince = clock.nanos();
  }

  /// A request failed and its client was told so.
  void failed(String request, Throwable failure) {
    long before;
    mutex.lock();
    try {
      long now = clock.nanos();
      if (now - periodSince > PERIOD.toNanos()) {
        periodSince = now;
        lines = 0;
      }
      if (lines == LINES) {
        leftOut++;
        return;
      }
      lines++;
      before = leftOut;
      leftOut = 0;
    } finally {
      mutex.unlock();
    }
    String rest = before == 0 ? "" : " (and " + before + " failures before that were not logged)";
    log.error(request + " failed: " + text(failure) + rest);
  }

  private static String text(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }
}
