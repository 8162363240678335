package dev.kelpie.replica;

import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import java.util.List;

/// What is to be done to an object at every node.
///
/// @param vdi on whose behalf
/// @param durability that each node's answer promises
public record Step(Kind kind, List<Extent> extents, VdiId vdi, Durability durability) {
  /// What kind of change it is.
  public enum Kind {
    /// Overwrites parts of what is there.
    WRITE,
    /// Makes the object, or makes it anew, of zeros and the extents.
    CREATE,
    REMOVE
  }
}
