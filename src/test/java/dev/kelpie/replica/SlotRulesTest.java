package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What becomes of a slot's configuration, case by case.
final class SlotRulesTest {
  private static final List<String> HOLDERS = List.of("a", "b", "c");

  private final SlotRules two = new SlotRules(2);
  private final SlotConfig first = two.first(HOLDERS, up("a", "b", "c"));

  private static SlotRules.Nodes up(String... nodes) {
    return new SlotRules.Nodes(Set.of(nodes)::contains, _ -> false);
  }

  private static SlotRules.Nodes anew(String node, String... nodes) {
    return new SlotRules.Nodes(Set.of(nodes)::contains, node::equals);
  }

  private static Acting intact(String node) {
    return new Acting(node, true);
  }

  private static Acting restarted(String node) {
    return new Acting(node, false);
  }

  @Test
  void whereNothingChangesTheBallotStays() {
    assertSame(first, two.settle(first, HOLDERS, up("a", "b", "c", "d")));
  }

  @Test
  void whoGoesDownLeavesWhereEnoughStay() {
    SlotConfig after = two.settle(first, HOLDERS, up("b", "c"));
    assertEquals(new SlotConfig(2, List.of(intact("b"), intact("c")), Optional.of("b"), 1), after);
  }

  @Test
  void whereTooFewStayTheSetIsKept() {
    SlotConfig pair = two.settle(first, HOLDERS, up("b", "c"));
    SlotConfig after = two.settle(pair, HOLDERS, up("c"));
    assertEquals(List.of("b", "c"), after.nodes());
    assertEquals(Optional.of("c"), after.primary());
    SlotConfig none = two.settle(after, HOLDERS, up("a"));
    assertEquals(List.of("b", "c"), none.nodes());
    assertEquals(Optional.empty(), none.primary());
    assertEquals(4, none.ballot());
  }

  @Test
  void primaryThatRestartedIsChosenAnewWithAnotherBallot() {
    SlotConfig after = two.settle(first, HOLDERS, anew("a", "a", "b", "c"));
    assertEquals(2, after.ballot());
    assertEquals(Optional.of("a"), after.primary());
    assertEquals(List.of(restarted("a"), intact("b"), intact("c")), after.acting());
    assertEquals(1, after.safe());
  }

  @Test
  void whenAllHaveRestartedWhatWasDeferredMayBeLost() {
    SlotConfig config = first;
    for (String node : HOLDERS) {
      config = two.settle(config, HOLDERS, anew(node, "a", "b", "c"));
    }
    assertEquals(4, config.ballot());
    assertEquals(4, config.safe());
    SlotConfig equal = two.equal(config);
    assertEquals(List.of(intact("a"), intact("b"), intact("c")), equal.acting());
    assertEquals(4, equal.ballot());
    SlotConfig later = two.settle(equal, HOLDERS, anew("b", "a", "b", "c"));
    assertEquals(4, later.safe());
  }

  @Test
  void whoJoinsMakesTheSlotActiveWithoutThoseThatAreDown() {
    SlotConfig alone = two.settle(two.settle(first, HOLDERS, up("b", "c")), HOLDERS, up("c"));
    SlotConfig after = two.join(alone, "d", up("c", "d"));
    assertEquals(List.of("c", "d"), after.nodes());
    assertEquals(Optional.of("c"), after.primary());
  }

  /// The one that was intact is down, and is not waited for: what the primary has lost is lost.
  @Test
  void whoJoinsIsNoMoreIntactThanThePrimary() {
    SlotConfig pair = two.settle(first, HOLDERS, up("b", "c"));
    SlotConfig back = two.settle(pair, HOLDERS, anew("c", "b", "c"));
    SlotConfig alone = two.settle(back, HOLDERS, up("c"));
    assertEquals(List.of(intact("b"), restarted("c")), alone.acting());
    assertEquals(1, alone.safe());
    SlotConfig after = two.join(alone, "d", up("c", "d"));
    assertEquals(List.of(restarted("c"), restarted("d")), after.acting());
    assertEquals(after.ballot(), after.safe());
    SlotConfig equal = two.equal(after);
    assertEquals(after.safe(), two.join(equal, "a", up("a", "c", "d")).safe());
    assertEquals(intact("a"), two.join(equal, "a", up("a", "c", "d")).acting().getLast());
  }

  @Test
  void guestIsPrimaryOnlyWhereNoHolderCanBe() {
    SlotConfig after = two.settle(first, List.of("d", "c", "e"), up("b", "c", "d"));
    assertEquals(Optional.of("c"), after.primary());
    SlotConfig guest = two.settle(after, List.of("d", "e", "f"), up("b", "d"));
    assertEquals(Optional.of("b"), guest.primary());
  }

  @Test
  void slotIsGivenAwayAndGuestsLeave() {
    SlotConfig given = two.handOver(first, "c");
    assertEquals(Optional.of("c"), given.primary());
    SlotConfig left = two.leave(given, "a");
    assertEquals(List.of("b", "c"), left.nodes());
    assertEquals(3, left.ballot());
  }

  @Test
  void changeIsMadeSomewhere() {
    assertThrows(IllegalArgumentException.class, () -> new SlotRules(0));
  }
}
