package dev.kelpie.cluster.zookeeper;

import dev.kelpie.platform.Clock;
import java.time.Duration;

/// Until when a call waits.
///
/// @param limit how long it waits in all
/// @param end in the clock's nanoseconds
record Patience(Clock clock, Duration limit, long end) {
  static Patience of(Clock clock, Duration limit) {
    return new Patience(clock, limit, clock.nanos() + limit.toNanos());
  }

  /// What is left; zero at the end.
  Duration left() {
    return Duration.ofNanos(Math.max(0, end - clock.nanos()));
  }

  boolean isOver() {
    return left().isZero();
  }
}
