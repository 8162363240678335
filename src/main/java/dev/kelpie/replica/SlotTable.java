package dev.kelpie.replica;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// What this node knows of the configurations of all slots, which are records that nodes agree on.
/// What it knows of a slot never goes back.
public interface SlotTable {
  /// The configuration as it is known; empty where the cluster is not formatted.
  Optional<SlotConfig> of(int slot);

  /// The same, no older than what was committed before the call.
  Optional<SlotConfig> look(int slot) throws IOException;

  /// Commits a configuration, if the one before and the map are still those that are known.
  ///
  /// @return whether it is done
  boolean commit(int slot, SlotConfig before, SlotConfig after) throws IOException;

  /// The nodes that are to have the slot's objects, the preferred primary first.
  List<String> holders(int slot);

  /// The nodes as the map has them.
  SlotRules.Nodes nodes();

  /// Whether the map that is known has this life of the node up. Before that the node may have lost
  /// changes with its last life that others count on.
  boolean isIn();

  /// Whether this node may answer clients now: it is in, and nobody else takes it for dead.
  boolean mayServe();
}
