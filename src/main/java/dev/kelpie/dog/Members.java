package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.Redundancy;
import dev.kelpie.wire.RequestFields;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The members of the cluster, sorted by address and port; users see positions in this list.
///
/// @param epoch of the cluster when it was asked
record Members(List<Node> nodes, int epoch) {
  /// Asks a sheep. The original also asks for the newest epoch's log here, and uses nothing of it
  /// that is not known from this answer.
  static Members fetch(SheepClient sheep) throws Failure, MalformedPayload {
    Reply reply;
    try {
      reply = sheep.call(Opcode.GET_NODE_LIST, 0, Node.COUNT_MAX * Node.SIZE, RequestFields.NONE);
    } catch (LostConnection e) {
      throw e.and("Failed to get node list");
    }
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.SYSTEM,
          "Failed to update node list: " + reply.text(),
          "Failed to get node list");
    }
    List<Node> nodes = Node.decodeAll(reply.data());
    if (nodes.isEmpty()) {
      throw new Failure(ExitStatus.FAILURE, "There are no active sheep daemons");
    }
    nodes.sort((a, b) -> a.id().compareTo(b.id()));
    return new Members(nodes, reply.header().epoch());
  }

  /// How many different zones have a node that stores objects; more than copies can go to count as
  /// that many.
  int zones() {
    Set<Integer> zones = new HashSet<>();
    for (Node node : nodes) {
      if (node.vnodes() > 0) {
        zones.add(node.zone());
      }
    }
    return Math.min(zones.size(), Redundancy.COPIES_MAX);
  }
}
