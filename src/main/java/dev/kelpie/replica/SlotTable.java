package dev.kelpie.replica;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What this node knows of the configurations of all slots, which are records that nodes agree on.
/// What it knows of a slot never goes back.
public interface SlotTable {
  /// The configuration as it is known; empty where the cluster is not formatted.
  Optional<SlotConfig> of(int slot);

  /// The same, no older than what was committed before the call.
  Optional<SlotConfig> look(int slot) throws IOException;

  /// Commits a configuration in which nobody is acting who was not acting before.
  ///
  /// @return whether it is done
  default boolean commit(int slot, SlotConfig before, SlotConfig after) throws IOException {
    return commit(slot, before, after, Optional.empty());
  }

  /// Commits a configuration, if the one before and the map are still those that are known, and the
  /// node that begins to be acting is up in the life that has shown that it has everything: a later
  /// one may have lost some of it.
  ///
  /// @param proven that life; nobody else may join
  /// @return whether it is done
  boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
      throws IOException;

  /// A node that has shown that it has all of a slot.
  ///
  /// @param life the one that was up ([#life]) when it was asked to show that
  record Proven(String node, long life) {}

  /// The nodes that are to have the slot's objects, the preferred primary first.
  List<String> holders(int slot);

  /// The nodes as the map has them.
  SlotRules.Nodes nodes();

  /// Which life of a node is up in the map that is known; empty where none is. Where the cluster
  /// has several nodes, no two lives of one are the same.
  OptionalLong life(String node);

  /// The rules of the map that is known, which change with the number of copies.
  SlotRules rules();

  /// Whether the map that is known has this life of the node up. Before that the node may have lost
  /// changes with its last life that others count on.
  boolean isIn();

  /// Whether this node may answer clients now: it is in, and nobody else takes it for dead.
  boolean mayServe();
}
