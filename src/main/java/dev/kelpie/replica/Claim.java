package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.placement.Slots;

/// In the name of which configuration somebody asks: a node that knows a later one refuses.
public record Claim(int slot, long ballot) {
  public Claim {
    if (slot < 0 || slot >= Slots.COUNT || ballot < 0) {
      throw new IllegalArgumentException("there is no ballot " + ballot + " of slot " + slot);
    }
  }

  /// Whether the object is one of the slot.
  public boolean covers(ObjectId object) {
    return Slots.of(object) == slot;
  }
}
