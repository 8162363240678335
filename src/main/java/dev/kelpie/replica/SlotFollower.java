package dev.kelpie.replica;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.MapFollower;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Has the configurations of all slots follow the map, in its commit. Only records in which
/// something changes are written; the others are checked, or a primary could let a node join, just
/// before the map says that it is down.
///
/// Where a cluster is formatted, all its slots begin, each with the holders that there are. The
/// records outlive the end of a cluster, with nobody in them, so that the ballots go on
/// ([SlotRules#retire]).
public final class SlotFollower implements MapFollower {
  private static final SlotRules.Nodes ALL = new SlotRules.Nodes(_ -> true, _ -> false);

  private final Coordination records;

  public SlotFollower(Coordination records) {
    this.records = records;
  }

  /// What becomes of a slot.
  private interface Fate {
    /// @param before empty where the slot has no record
    /// @return empty where it goes on having none
    Optional<SlotConfig> of(int slot, Optional<SlotConfig> before);
  }

  @Override
  public Step follow(Optional<Cluster> before, Optional<Cluster> after, long version)
      throws IOException {
    Map<String, Stored> found = new HashMap<>();
    records.list(SlotShard.PREFIX).forEach(stored -> found.put(stored.key(), stored));
    Fate fate = fate(before, after.map(SlotMap::new), found.isEmpty());
    List<Put> puts = new ArrayList<>();
    List<Check> checks = new ArrayList<>();
    for (int shard = 0; shard < SlotShard.COUNT; shard++) {
      String key = SlotShard.key(shard);
      Optional<Stored> stored = Optional.ofNullable(found.get(key));
      List<SlotConfig> old =
          stored.isPresent() ? SlotShard.decode(stored.get().value()).configs() : List.of();
      List<SlotConfig> next = next(shard, old, fate);
      if (!next.equals(old)) {
        byte[] value = new SlotShard(version, next).encode();
        puts.add(new Put(key, Optional.of(value), stored.map(Stored::version).orElse(0L)));
      } else if (stored.isPresent()) {
        checks.add(new Check(key, stored.get().version()));
      }
    }
    return new Step(puts, checks);
  }

  private static List<SlotConfig> next(int shard, List<SlotConfig> old, Fate fate) {
    List<SlotConfig> next = new ArrayList<>(SlotShard.SLOTS);
    for (int i = 0; i < SlotShard.SLOTS; i++) {
      Optional<SlotConfig> before = old.isEmpty() ? Optional.empty() : Optional.of(old.get(i));
      fate.of(shard * SlotShard.SLOTS + i, before).ifPresent(next::add);
    }
    return next;
  }

  private static Fate fate(Optional<Cluster> before, Optional<SlotMap> after, boolean firstTime) {
    if (after.isEmpty()) {
      return (_, old) -> old.map(SlotRules::retire);
    }
    SlotMap map = after.get();
    if (before.isEmpty()) {
      return (slot, old) -> Optional.of(first(map, slot, old.map(SlotConfig::ballot).orElse(0L)));
    }
    SlotRules.Nodes nodes = map.nodesAfter(before.get());
    if (firstTime) {
      // A cluster from before there were slots is one node, which has everything, up or down.
      SlotMap then = new SlotMap(before.get());
      return (slot, _) ->
          Optional.of(settle(map, slot, map.rules().first(then.holders(slot), ALL), nodes));
    }
    return (slot, old) -> old.map(config -> settle(map, slot, config, nodes));
  }

  private static SlotConfig settle(
      SlotMap map, int slot, SlotConfig config, SlotRules.Nodes nodes) {
    return map.rules().settle(config, map.holders(slot), nodes);
  }

  private static SlotConfig first(SlotMap map, int slot, long ballot) {
    return map.rules().first(ballot + 1, map.holders(slot), map.nodes());
  }
}
