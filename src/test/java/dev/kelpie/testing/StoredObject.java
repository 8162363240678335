package dev.kelpie.testing;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import java.nio.ByteBuffer;
import java.util.List;

/// An object of a [MemoryStore]: its bytes and its place in the order of changes. Guarded by the
/// store's lock.
final class StoredObject {
  final SparseBytes bytes;
  private Generation generation;
  private long pushNumber;

  StoredObject(SparseBytes bytes, Generation generation, long pushNumber) {
    this.bytes = bytes;
    this.generation = generation;
    this.pushNumber = pushNumber;
  }

  StoredObject copy() {
    return new StoredObject(bytes.copy(), generation, pushNumber);
  }

  /// Whether the change comes after the last one.
  boolean isBefore(Change change) {
    int byGeneration = change.generation().compareTo(generation);
    boolean next = change.pushNumber() == Change.NEXT || change.pushNumber() > pushNumber;
    return byGeneration > 0 || (byGeneration == 0 && next);
  }

  /// The push number that the change gets on top of this state.
  long numberOf(Change change) {
    if (change.pushNumber() != Change.NEXT) {
      return change.pushNumber();
    }
    return change.generation().equals(generation) ? pushNumber + 1 : 1;
  }

  void apply(List<Extent> extents, Generation newGeneration, long newPushNumber) {
    for (Extent extent : extents) {
      bytes.write(extent.offset(), extent.bytes().duplicate());
    }
    generation = newGeneration;
    pushNumber = newPushNumber;
  }

  void read(int offset, ByteBuffer into) {
    bytes.read(offset, into);
  }

  ObjectStat stat(ObjectId object) {
    long allocated = (long) bytes.pages().size() * SparseBytes.PAGE;
    return new ObjectStat(object, generation, pushNumber, allocated);
  }
}
