package dev.kelpie.placement;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Slots and their holders: how much moves when nodes come and go.
final class SlotHoldersTest {
  private static final int COPIES = 3;
  private final Random chance = new Random(Seeds.seed());

  private List<Site> nodes(int count, int points) {
    List<Site> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add(new Site(chance.nextLong(), points, i));
    }
    return nodes;
  }

  @Test
  void objectIsInTheSlotOfItsHash() {
    for (int i = 0; i < 1000; i++) {
      ObjectId object = new ObjectId(chance.nextLong());
      int slot = Slots.of(object);
      long hash = SheepHash.hash(object);
      assertTrue(Long.compareUnsigned(Slots.start(slot), hash) <= 0);
      assertTrue(slot == Slots.COUNT - 1 || Long.compareUnsigned(hash, Slots.start(slot + 1)) < 0);
    }
    assertThrows(IllegalArgumentException.class, () -> Slots.start(Slots.COUNT));
    assertThrows(IllegalArgumentException.class, () -> Slots.start(-1));
  }

  @Test
  void fewerCopiesLieOnTheFirstHolders() {
    SlotHolders holders = new SlotHolders(nodes(5, Weights.AVERAGE), COPIES);
    ObjectId object = new ObjectId(chance.nextLong());
    int[] all = holders.of(Slots.of(object));
    assertEquals(COPIES, all.length);
    assertArrayEquals(new int[] {all[0], all[1]}, holders.of(object, 2));
    assertArrayEquals(all, holders.of(object, 5));
  }

  /// A node that comes takes over what becomes its own, and nothing moves between the others.
  @Test
  void newNodeTakesItsShareAndNothingElseMoves() {
    for (int count : new int[] {3, 4, 9, 30}) {
      List<Site> before = nodes(count, Weights.AVERAGE);
      List<Site> after = new ArrayList<>(before);
      after.add(new Site(chance.nextLong(), Weights.AVERAGE, count));
      SlotHolders old = new SlotHolders(before, COPIES);
      SlotHolders now = new SlotHolders(after, COPIES);
      int copied = 0;
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        List<Integer> had = boxed(old.of(slot));
        for (int holder : now.of(slot)) {
          if (!had.contains(holder)) {
            assertEquals(count, holder, "slot " + slot + " moves between nodes that stay");
            copied++;
          }
        }
      }
      double share = (double) copied / (Slots.COUNT * COPIES);
      double fair = 1.0 / (count + 1);
      System.out.printf(
          "%d nodes and one: %.1f %% moved, %.1f %% fair%n", count, 100 * share, 100 * fair);
      assertTrue(share > 0.5 * fair && share < 1.6 * fair, "moved " + share + ", fair " + fair);
    }
  }

  @Test
  void nodeThatGoesIsReplacedAndTheOthersKeepWhatTheyHave() {
    List<Site> before = nodes(6, Weights.AVERAGE);
    List<Site> after = before.subList(0, 5);
    SlotHolders old = new SlotHolders(before, COPIES);
    SlotHolders now = new SlotHolders(after, COPIES);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      List<Integer> had = boxed(old.of(slot));
      List<Integer> has = boxed(now.of(slot));
      had.remove(Integer.valueOf(5));
      assertTrue(has.containsAll(had), "slot " + slot + ": " + had + " became " + has);
    }
  }

  private static List<Integer> boxed(int[] numbers) {
    List<Integer> boxed = new ArrayList<>();
    for (int number : numbers) {
      boxed.add(number);
    }
    return boxed;
  }

  @Test
  void pointsFollowSpaceAsInTheOriginal() {
    assertArrayEquals(new int[] {128, 128}, Weights.points(List.of(1L << 40, 1L << 40)));
    assertArrayEquals(new int[] {64, 192, 0}, Weights.points(List.of(1L << 40, 3L << 40, 0L)));
    assertArrayEquals(new int[] {0}, Weights.points(List.of(0L)));
    assertArrayEquals(new int[] {}, Weights.points(List.of()));
    // 128 x 1/3 is 42.67, 128 x 5/3 is 213.33.
    assertArrayEquals(new int[] {43, 213}, Weights.points(List.of(1L << 30, 5L << 30)));
    // 1.5 and 254.5: half to even.
    assertArrayEquals(new int[] {2, 254}, Weights.points(List.of(3L, 509L)));
    assertArrayEquals(
        new int[] {1, 256}, Weights.points(List.of(1L, 1L << 40)), "a small node has a point");
  }
}
