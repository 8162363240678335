package dev.kelpie.replica;

import java.time.Duration;

/// How fast recovery may copy, as `sheep -R max=N,interval=MS` says it: so many objects in each
/// interval. Either of them 0 is no limit.
public record Throttle(int objects, Duration interval) {
  /// No limit.
  public static final Throttle NONE = new Throttle(0, Duration.ZERO);

  public Throttle {
    if (objects < 0 || interval.isNegative()) {
      throw new IllegalArgumentException(
          "recovery cannot be held to " + objects + " objects in " + interval);
    }
  }

  /// How long so many objects take at least, in nanoseconds.
  long nanos(long count) {
    return objects == 0 ? 0 : count * (interval.toNanos() / objects);
  }
}
