package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.wire.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Where the original's algorithm puts an object (spec/protocol-and-cache.md §1.13, spec/cluster.md
/// §2.2-2.3): on the first virtual node at or behind its hash, and on the next ones of other zones.
final class Ring {
  private final TreeMap<Long, Node> points = new TreeMap<>(Long::compareUnsigned);

  Ring(List<Node> nodes) {
    for (Node node : nodes) {
      long hash = node.id().address().hash();
      for (int i = 0; i < node.vnodes(); i++) {
        hash = SheepHash.next(hash);
        points.put(hash, node);
      }
    }
  }

  /// The nodes for an object, as many as there are different zones at most.
  List<Node> holders(ObjectId object, int copies) {
    List<Node> holders = new ArrayList<>();
    long hash = SheepHash.hash(object);
    walk(points.tailMap(hash, true), copies, holders);
    walk(points.headMap(hash, false), copies, holders);
    return holders;
  }

  private static void walk(java.util.Map<Long, Node> part, int copies, List<Node> holders) {
    for (Node node : part.values()) {
      if (holders.size() == copies) {
        return;
      }
      if (!hasZone(holders, node.zone())) {
        holders.add(node);
      }
    }
  }

  private static boolean hasZone(List<Node> holders, int zone) {
    for (Node holder : holders) {
      if (holder.zone() == zone) {
        return true;
      }
    }
    return false;
  }
}
