package dev.kelpie.model;

/// Checks that stay on in production: a broken one means that the program is wrong, and going on
/// could lose data.
public final class Invariant {
  private Invariant() {}

  /// Thrown where the program found itself in a state that cannot be. Nobody handles it: the daemon
  /// logs it and stops.
  public static final class InvariantBroken extends Error {
    private static final long serialVersionUID = 1;

    InvariantBroken(String message) {
      super(message);
    }
  }

  /// Stops everything with `message` unless `holds`.
  public static void check(boolean holds, String message) {
    if (!holds) {
      throw new InvariantBroken(message);
    }
  }
}
