package dev.kelpie.replica;

/// A node that has every acknowledged change of a slot.
///
/// @param intact whether it has not restarted since all acting nodes were last made equal
public record Acting(String node, boolean intact) {
  Acting restarted() {
    return new Acting(node, false);
  }

  Acting equal() {
    return new Acting(node, true);
  }
}
