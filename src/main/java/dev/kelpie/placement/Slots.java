package dev.kelpie.placement;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;

/// The slots: as many parts of equal size as the hashes of objects fall into. All objects of a slot
/// lie on the same nodes, so that what nodes agree on is per slot, whose number is fixed, and not
/// per object.
public final class Slots {
  /// How many there are, the same for every cluster: some dozens for each of a few hundred nodes.
  public static final int COUNT = 1 << 14;

  private static final int SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(COUNT);

  private Slots() {}

  /// The slot of an object, from 0 to [#COUNT] - 1.
  public static int of(ObjectId object) {
    return (int) (SheepHash.hash(object) >>> SHIFT);
  }

  /// The lowest hash of a slot, from which the walk over the ring begins.
  public static long start(int slot) {
    if (slot < 0 || slot >= COUNT) {
      throw new IllegalArgumentException("slot out of range: " + slot);
    }
    return (long) slot << SHIFT;
  }
}
