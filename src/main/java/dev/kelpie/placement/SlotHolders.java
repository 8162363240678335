package dev.kelpie.placement;

import dev.kelpie.model.ObjectId;
import java.util.Arrays;
import java.util.List;

/// The holders of each slot in one version of the member list. They are in order: an object of
/// fewer copies lies on the first ones.
public final class SlotHolders {
  private final int[][] holders = new int[Slots.COUNT][];

  /// @param sites the nodes; what is answered are indexes into this list
  /// @param copies the most that any object has
  public SlotHolders(List<Site> sites, int copies) {
    Ring ring = new Ring(sites);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      holders[slot] = ring.holders(Slots.start(slot), copies);
    }
  }

  /// The nodes of a slot, the first of which is its primary; none where no node holds anything.
  public int[] of(int slot) {
    return holders[slot].clone();
  }

  /// The nodes of an object.
  ///
  /// @return fewer than its copies where there are fewer zones
  public int[] of(ObjectId object, int copies) {
    int[] all = holders[Slots.of(object)];
    return Arrays.copyOf(all, Math.min(copies, all.length));
  }
}
