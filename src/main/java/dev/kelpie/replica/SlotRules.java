package dev.kelpie.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// What becomes of the configuration of a slot. Pure: the argument for it is in
/// `docs/replication.md`.
///
/// @param leastCopies how many nodes have made a change, at least, before it is answered
public record SlotRules(int leastCopies) {
  public SlotRules {
    if (leastCopies < 1) {
      throw new IllegalArgumentException("a change is made nowhere: " + leastCopies);
    }
  }

  /// The rules where objects have so many copies: a change is made by a majority of them at least.
  static SlotRules forCopies(int copies) {
    return new SlotRules(copies / 2 + 1);
  }

  /// The nodes as the map has them that is about to be committed.
  ///
  /// @param isUp whether a node serves
  /// @param isAnew whether it is up in another incarnation than in the map before
  public record Nodes(Predicate<String> isUp, Predicate<String> isAnew) {}

  /// The configuration of a slot of which nobody has anything yet.
  ///
  /// @param holders the nodes that are to have its objects, the preferred primary first
  public SlotConfig first(List<String> holders, Nodes nodes) {
    return first(1, holders, nodes);
  }

  /// The same where there was a configuration before, whose objects are gone. Its ballot goes on:
  /// what was sent in the name of an earlier one, before everything was wiped, must not be taken
  /// for news.
  SlotConfig first(long ballot, List<String> holders, Nodes nodes) {
    List<Acting> acting =
        holders.stream().filter(nodes.isUp).map(node -> new Acting(node, true)).toList();
    Optional<String> primary = acting.stream().map(Acting::node).findFirst();
    return new SlotConfig(ballot, acting, primary, ballot);
  }

  /// The configuration of a slot of a cluster that is not formatted any more: nobody has anything.
  static SlotConfig retire(SlotConfig before) {
    long ballot = before.ballot() + 1;
    return new SlotConfig(ballot, List.of(), Optional.empty(), ballot);
  }

  /// Whether clients can be answered.
  public boolean isActive(SlotConfig config, Nodes nodes) {
    return config.acting().stream().filter(a -> nodes.isUp.test(a.node())).count() >= leastCopies;
  }

  /// Whether a primary may commit this under this map: where the slot is active, all its acting
  /// nodes are up, and so is the primary.
  boolean isSound(SlotConfig config, Nodes nodes) {
    boolean allUp = config.nodes().stream().allMatch(nodes.isUp);
    return (allUp || !isActive(config, nodes)) && config.primary().filter(nodes.isUp).isPresent();
  }

  /// The configuration after the map has changed; the same object where nothing changes.
  public SlotConfig settle(SlotConfig before, List<String> holders, Nodes nodes) {
    if (before.acting().isEmpty()) {
      // There was no holder yet, so that nobody could be asked to keep anything.
      SlotConfig first = first(before.ballot() + 1, holders, nodes);
      return first.acting().isEmpty() ? before : first;
    }
    if (isSettled(before, nodes)) {
      return before;
    }
    List<Acting> acting = withoutDown(before.acting(), nodes);
    acting = acting.stream().map(a -> nodes.isAnew.test(a.node()) ? a.restarted() : a).toList();
    boolean anew = acting.stream().anyMatch(a -> nodes.isAnew.test(a.node()));
    Optional<String> primary =
        before
            .primary()
            .filter(node -> nodes.isUp.test(node) && !nodes.isAnew.test(node))
            .or(() -> choose(before, holders, nodes));
    if (acting.equals(before.acting()) && primary.equals(before.primary()) && !anew) {
      return before;
    }
    return next(before, acting, primary);
  }

  /// Whether nothing has happened to the nodes of a slot, as in most slots with most maps.
  private static boolean isSettled(SlotConfig config, Nodes nodes) {
    for (Acting acting : config.acting()) {
      if (!nodes.isUp.test(acting.node()) || nodes.isAnew.test(acting.node())) {
        return false;
      }
    }
    return config.primary().isPresent();
  }

  /// A node has everything that the primary has, says that. So it is intact if the primary is:
  /// where the primary has lost something with its last life, it has lost it too.
  public SlotConfig join(SlotConfig before, String node, Nodes nodes) {
    List<Acting> acting = new ArrayList<>(before.acting());
    boolean intact =
        before.acting().stream().anyMatch(a -> a.intact() && before.isPrimary(a.node()));
    acting.add(new Acting(node, intact));
    return next(before, withoutDown(acting, nodes), before.primary());
  }

  /// A node is not to have the slot's objects any more, says the primary: another one.
  public SlotConfig leave(SlotConfig before, String node) {
    List<Acting> acting = before.acting().stream().filter(a -> !a.node().equals(node)).toList();
    return next(before, acting, before.primary());
  }

  /// The primary has stopped, and gives the slot to another acting node that is up.
  public SlotConfig handOver(SlotConfig before, String to) {
    return next(before, before.acting(), Optional.of(to));
  }

  /// All acting nodes are equal, and what they have is durable, says the primary.
  public SlotConfig equal(SlotConfig before) {
    List<Acting> acting = before.acting().stream().map(Acting::equal).toList();
    return new SlotConfig(before.ballot(), acting, before.primary(), before.safe());
  }

  /// Where enough nodes stay, those that are down are no more acting: changes will be answered
  /// without them. Where too few stay, all of them keep what is known of them.
  private List<Acting> withoutDown(List<Acting> acting, Nodes nodes) {
    List<Acting> up = acting.stream().filter(a -> nodes.isUp.test(a.node())).toList();
    return up.size() >= leastCopies ? up : acting;
  }

  private static Optional<String> choose(SlotConfig before, List<String> holders, Nodes nodes) {
    Predicate<String> possible = node -> before.isActing(node) && nodes.isUp.test(node);
    return holders.stream()
        .filter(possible)
        .findFirst()
        .or(() -> before.nodes().stream().filter(possible).findFirst());
  }

  private static SlotConfig next(SlotConfig before, List<Acting> acting, Optional<String> primary) {
    long ballot = before.ballot() + 1;
    boolean lost = acting.stream().noneMatch(Acting::intact);
    return new SlotConfig(ballot, acting, primary, lost ? ballot : before.safe());
  }
}
