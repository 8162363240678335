package dev.kelpie.cluster;

import java.time.Duration;

/// When nodes that are gone count as out, and when those that come back are believed.
///
/// @param outAfter how long a node may be down before it is out
/// @param guarded whether zones and space are looked at before a node goes out by itself
/// @param flapWindow within which a node that fell several times is not believed
/// @param calm for how long such a one has to be there before it is up again
public record MapSettings(Duration outAfter, boolean guarded, Duration flapWindow, Duration calm) {
  /// What holds where nothing else is said (spec/cluster.md §8.3).
  public static final MapSettings DEFAULT =
      new MapSettings(Duration.ofMinutes(10), true, Duration.ofMinutes(10), Duration.ofMinutes(1));

  /// As the original does: who is gone is out, who comes is in.
  public static final MapSettings AT_ONCE =
      new MapSettings(Duration.ZERO, false, Duration.ZERO, Duration.ZERO);
}
