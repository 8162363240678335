package dev.kelpie.object;

/// Whether a request may wait.
public enum Patience {
  /// Take as long as it takes.
  WAIT,
  /// Answer [Outcome#WOULD_WAIT] rather than wait for another store, a device or a full queue. Lets
  /// a connection's own thread serve what is at hand.
  NOW
}
