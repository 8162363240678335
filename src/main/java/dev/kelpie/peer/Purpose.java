package dev.kelpie.peer;

import java.util.Optional;

/// What a connection between nodes is for. What is asked for one purpose never waits for room that
/// the other takes.
enum Purpose {
  /// A primary asks a holder.
  COPIES(1),
  /// A gateway asks a node, which may be primary and then asks holders.
  STORE(2);

  private final int number;

  Purpose(int number) {
    this.number = number;
  }

  /// The number on the wire.
  int number() {
    return number;
  }

  static Optional<Purpose> of(int number) {
    for (Purpose purpose : values()) {
      if (purpose.number == number) {
        return Optional.of(purpose);
      }
    }
    return Optional.empty();
  }
}
