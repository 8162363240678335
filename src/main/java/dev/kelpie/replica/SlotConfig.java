package dev.kelpie.replica;

import java.util.List;
import java.util.Optional;

/// The configuration of one slot (`docs/replication.md`).
///
/// @param ballot the number of this configuration, from 1
/// @param acting the nodes that have every acknowledged change, in no order that means anything
/// @param primary the one of them that orders the slot's changes; empty where none is up
/// @param safe the ballot from which on no deferred change can have been lost by all of them
public record SlotConfig(long ballot, List<Acting> acting, Optional<String> primary, long safe) {
  public SlotConfig {
    acting = List.copyOf(acting);
  }

  /// Whether this node has every acknowledged change.
  boolean isActing(String node) {
    return acting.stream().anyMatch(a -> a.node().equals(node));
  }

  /// Whether this node orders the slot's changes.
  boolean isPrimary(String node) {
    return primary.isPresent() && primary.get().equals(node);
  }

  /// The names of the acting nodes.
  List<String> nodes() {
    return acting.stream().map(Acting::node).toList();
  }
}
