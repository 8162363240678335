package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A slot of which this node is primary, under one configuration.
final class Led {
  final Claim claim;
  final SlotConfig config;

  /// Objects whose copies may have different versions.
  final Set<ObjectId> unequal = ConcurrentHashMap.newKeySet();

  /// Nodes that are being brought up to date: changes go to them too, and need not succeed.
  final Set<Joiner> joiners = ConcurrentHashMap.newKeySet();

  Led(Claim claim, SlotConfig config) {
    this.claim = claim;
    this.config = config;
  }

  /// A node that is being brought up to date, and the objects in which it may differ. Each is only
  /// equal to itself, whatever it is behind with.
  static final class Joiner {
    private final String node;
    private final Set<ObjectId> behind = ConcurrentHashMap.newKeySet();

    Joiner(String node) {
      this.node = node;
    }

    String node() {
      return node;
    }

    Set<ObjectId> behind() {
      return behind;
    }
  }

  /// The nodes that must have made a change before it is answered.
  List<String> acting() {
    return new ArrayList<>(config.nodes());
  }
}
