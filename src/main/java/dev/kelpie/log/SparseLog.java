package dev.kelpie.log;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/// A log for what clients or a dead disk can cause as often as they like: at most so many lines are
/// written in a time, and how many were left out is said with the next one.
public final class SparseLog implements Log {
  /// Lines in each period: enough to see whether it is always the same.
  private static final int LINES = 10;

  private static final Duration PERIOD = Duration.ofSeconds(10);

  private final Log log;
  private final LongSupplier nanos;
  private long periodSince;
  private int lines;
  private long leftOut;

  /// Nothing was written yet.
  ///
  /// @param nanos a clock that never goes back
  public SparseLog(Log log, LongSupplier nanos) {
    this.log = log;
    this.nanos = nanos;
    this.periodSince = nanos.getAsLong();
  }

  @Override
  public void write(Level level, String message) {
    OptionalLong before = next();
    if (before.isPresent()) {
      long others = before.getAsLong();
      String rest = others == 0 ? "" : " (and " + others + " more before that were not logged)";
      log.write(level, message + rest);
    }
  }

  /// How many were left out before this one; empty where this one is.
  private synchronized OptionalLong next() {
    long now = nanos.getAsLong();
    if (now - periodSince > PERIOD.toNanos()) {
      periodSince = now;
      lines = 0;
    }
    if (lines == LINES) {
      leftOut++;
      return OptionalLong.empty();
    }
    lines++;
    long before = leftOut;
    leftOut = 0;
    return OptionalLong.of(before);
  }
}
