package dev.kelpie.replica;

import dev.kelpie.cluster.Coordination.Stored;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A record of slots as a node knows it.
///
/// @param version of the record; 0 where there is none
/// @param map the version of the cluster's record that it was committed by
/// @param configs of its slots, in their order; empty where there is no record
record KnownShard(long version, long map, List<Optional<SlotConfig>> configs) {
  static final KnownShard NONE =
      new KnownShard(0, 0, Collections.nCopies(SlotShard.SLOTS, Optional.empty()));

  static KnownShard of(SlotShard shard, long version) {
    return new KnownShard(
        version, shard.map(), shard.configs().stream().map(Optional::of).toList());
  }

  static KnownShard of(Optional<Stored> stored) throws IOException {
    return stored.isPresent()
        ? of(SlotShard.decode(stored.get().value()), stored.get().version())
        : NONE;
  }

  Optional<SlotConfig> config(int slot) {
    return configs.get(slot % SlotShard.SLOTS);
  }

  /// The record with another configuration of one slot.
  ///
  /// @param map the version of the cluster's record that it is committed by
  SlotShard with(int slot, SlotConfig config, long map) {
    List<SlotConfig> now = configs.stream().map(Optional::orElseThrow).toList();
    return new SlotShard(this.map, now).with(slot, config, map);
  }

  /// Whether the record cannot have been this one before it was the other one.
  boolean isBehind(KnownShard other) {
    if (version < other.version) {
      return true;
    }
    for (int i = 0; i < SlotShard.SLOTS; i++) {
      if (ballot(i) < other.ballot(i)) {
        return true;
      }
    }
    return false;
  }

  private long ballot(int i) {
    return configs.get(i).map(SlotConfig::ballot).orElse(0L);
  }
}
