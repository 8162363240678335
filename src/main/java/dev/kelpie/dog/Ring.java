package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.placement.Site;
import dev.kelpie.placement.Slots;
import dev.kelpie.wire.Node;
import java.util.Arrays;
import java.util.List;

/// Where objects lie among the nodes of one member list, as the sheep find it too.
final class Ring {
  private final List<Node> nodes;
  private final dev.kelpie.placement.Ring ring;

  Ring(List<Node> nodes) {
    this.nodes = nodes;
    this.ring =
        new dev.kelpie.placement.Ring(
            nodes.stream()
                .map(node -> new Site(node.id().address().hash(), node.vnodes(), node.zone()))
                .toList());
  }

  /// The nodes for an object, as many as there are different zones at most.
  List<Node> holders(ObjectId object, int copies) {
    int[] holders = ring.holders(Slots.start(Slots.of(object)), copies);
    return Arrays.stream(holders).mapToObj(nodes::get).toList();
  }
}
