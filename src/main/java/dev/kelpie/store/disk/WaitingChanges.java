package dev.kelpie.store.disk;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/// The changes of one object that are in the log and not yet in its file, in their order. Guarded
/// by the file's gate.
final class WaitingChanges {
  private final ArrayDeque<Waiting> changes = new ArrayDeque<>();

  /// For each block that waits, the last change of it.
  private final Map<Integer, Waiting> blocks = new HashMap<>();

  private final AtomicLong bytesOfDisk;

  /// @param bytesOfDisk where the bytes of all objects are counted
  WaitingChanges(AtomicLong bytesOfDisk) {
    this.bytesOfDisk = bytesOfDisk;
  }

  /// One change.
  ///
  /// @param end the place behind its record
  /// @param blocks ascending
  /// @param data the blocks one after the other
  record Waiting(long end, Order order, int[] blocks, int[] sums, ByteBuffer data) {
    /// The bytes of `count` blocks from the i-th on.
    ByteBuffer bytes(int i, int count) {
      return data.slice(data.position() + Blocks.start(i), Blocks.start(count));
    }
  }

  void add(Waiting change) {
    changes.addLast(change);
    for (int block : change.blocks()) {
      blocks.put(block, change);
    }
    bytesOfDisk.addAndGet(change.data().remaining());
  }

  /// Whether there is a change whose record ends at or before this place.
  boolean hasUntil(long place) {
    return !changes.isEmpty() && changes.getFirst().end() <= place;
  }

  Waiting first() {
    return changes.getFirst();
  }

  /// The first change is in the file.
  void removeFirst() {
    Waiting change = changes.removeFirst();
    for (int block : change.blocks()) {
      if (isLast(block, change)) {
        blocks.remove(block);
      }
    }
    bytesOfDisk.addAndGet(-change.data().remaining());
  }

  boolean contains(int block) {
    return !blocks.isEmpty() && blocks.containsKey(block);
  }

  /// The bytes of a block that waits.
  ByteBuffer block(int block) {
    Waiting change = Objects.requireNonNull(blocks.get(block));
    return change.bytes(Arrays.binarySearch(change.blocks(), block), 1);
  }

  /// Drops everything: the object is gone.
  void clear() {
    changes.forEach(change -> bytesOfDisk.addAndGet(-change.data().remaining()));
    changes.clear();
    blocks.clear();
  }

  @SuppressWarnings("ReferenceEquality") // the same change, not one with equal bytes
  private boolean isLast(int block, Waiting change) {
    return blocks.get(block) == change;
  }
}
