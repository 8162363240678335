package dev.kelpie.dog;

import dev.kelpie.config.Numbers;
import java.util.OptionalLong;

/// Which snapshot is meant: by id, by tag, or none, which means the working VDI.
///
/// @param id 0 for none
/// @param tag empty for none
record Snapshot(int id, String tag) {
  /// The working VDI.
  static final Snapshot NONE = new Snapshot(0, "");

  private static final long ID_MAX = 0xffff_ffffL;

  /// A whole decimal number is an id, anything else a tag.
  static Snapshot parse(String text) throws Failure {
    Snapshot snapshot = parseAny(text);
    if (snapshot.none() && !text.isEmpty()) {
      throw new Failure(ExitStatus.FAILURE, "The snapshot id must be larger than zero");
    }
    return snapshot;
  }

  /// The same, where an id of 0 is as good as none.
  static Snapshot parseAny(String text) {
    OptionalLong id = Numbers.parse(text, 0, ID_MAX);
    return id.isEmpty() ? new Snapshot(0, text) : new Snapshot((int) id.getAsLong(), "");
  }

  /// Whether it means the working VDI.
  boolean none() {
    return id == 0 && tag.isEmpty();
  }
}
