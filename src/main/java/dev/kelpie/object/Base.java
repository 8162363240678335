package dev.kelpie.object;

import dev.kelpie.model.ObjectId;

/// What a new object holds where no extent says otherwise.
public sealed interface Base {
  /// Zeros everywhere.
  Base ZEROS = new Zeros();

  /// Zeros everywhere.
  record Zeros() implements Base {}

  /// The bytes of another object of the same kind (copy on write).
  record CopyOf(ObjectId parent) implements Base {}
}
