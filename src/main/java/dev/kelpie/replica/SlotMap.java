package dev.kelpie.replica;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.Seat;
import dev.kelpie.placement.Site;
import dev.kelpie.placement.SlotHolders;
import dev.kelpie.placement.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// A map of the cluster as slots go by it: nodes by their names
/// ([dev.kelpie.cluster.Member#name()]), and the holders of every slot, which are found once.
final class SlotMap {
  private final Cluster cluster;

  /// The incarnation of each node that is up.
  private final Map<String, Long> up;

  private final SlotRules.Nodes nodes;
  private final List<List<String>> holders;
  private final SlotRules rules;

  SlotMap(Cluster cluster) {
    this.cluster = cluster;
    this.up = up(cluster);
    this.nodes = new SlotRules.Nodes(up::containsKey, _ -> false);
    this.holders = holders(cluster);
    this.rules = SlotRules.forCopies(cluster.format().copies());
  }

  private static Map<String, Long> up(Cluster cluster) {
    Map<String, Long> up = new HashMap<>();
    for (Seat seat : cluster.seats()) {
      if (seat.state() == Seat.State.UP) {
        up.put(seat.member().name(), seat.incarnation());
      }
    }
    return Map.copyOf(up);
  }

  private static List<List<String>> holders(Cluster cluster) {
    List<Seat> in = cluster.seats().stream().filter(Seat::isIn).toList();
    List<String> names = in.stream().map(seat -> seat.member().name()).toList();
    List<Site> sites = in.stream().map(SlotMap::site).toList();
    SlotHolders placed = new SlotHolders(sites, cluster.format().copies());
    List<List<String>> holders = new ArrayList<>(Slots.COUNT);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      List<String> named = new ArrayList<>();
      for (int holder : placed.of(slot)) {
        named.add(names.get(holder));
      }
      holders.add(List.copyOf(named));
    }
    return holders;
  }

  private static Site site(Seat seat) {
    return Site.of(
        seat.member().address(),
        seat.member().port(),
        seat.member().vnodes(),
        seat.member().zone());
  }

  Cluster cluster() {
    return cluster;
  }

  /// Whether this life of a node is up.
  boolean isUp(String node, long incarnation) {
    Long here = up.get(node);
    return here != null && here == incarnation;
  }

  /// Which life of a node is up.
  OptionalLong life(String node) {
    Long here = up.get(node);
    return here == null ? OptionalLong.empty() : OptionalLong.of(here);
  }

  /// The nodes as they are in this map.
  SlotRules.Nodes nodes() {
    return nodes;
  }

  /// The nodes as they are where this map comes after another. One that was not up counts as anew,
  /// whatever its incarnation: where an earlier life is certain to be over, all have the same.
  SlotRules.Nodes nodesAfter(Cluster before) {
    Map<String, Long> then = up(before);
    return new SlotRules.Nodes(
        up::containsKey,
        node -> {
          Long now = up.get(node);
          return now != null && !now.equals(then.get(node));
        });
  }

  /// The nodes that are to have the slot's objects, the preferred primary first.
  List<String> holders(int slot) {
    return holders.get(slot);
  }

  SlotRules rules() {
    return rules;
  }
}
