package dev.kelpie.store.disk;

import dev.kelpie.model.Generation;
import dev.kelpie.object.Change;
import java.util.Optional;

/// The order pair of an object's last change.
///
/// @param number the push number
record Order(long generation, long number) implements Comparable<Order> {
  /// Smaller than the pair of any change.
  static final Order NONE = new Order(0, 0);

  /// The pair that the object has after this change; empty where the change comes too late.
  Optional<Order> after(Change change) {
    long theirs = change.generation().value();
    if (change.pushNumber() == Change.NEXT) {
      if (theirs < generation) {
        return Optional.empty();
      }
      return Optional.of(new Order(theirs, theirs == generation ? number + 1 : 1));
    }
    Order next = new Order(theirs, change.pushNumber());
    return next.compareTo(this) > 0 ? Optional.of(next) : Optional.empty();
  }

  /// The generation as the interface has it.
  Generation asGeneration() {
    return new Generation(generation);
  }

  @Override
  public int compareTo(Order other) {
    int byGeneration = Long.compare(generation, other.generation);
    return byGeneration != 0 ? byGeneration : Long.compare(number, other.number);
  }

  @Override
  public String toString() {
    return generation + "/" + number;
  }
}
