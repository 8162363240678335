package dev.kelpie.store.disk;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The blocks of a file that were written in place and not synced since. Guarded by the file's
/// gate.
final class Unsynced {
  private BitSet blocks = new BitSet();

  /// The blocks for which a sync is under way.
  private final List<BitSet> syncing = new ArrayList<>();

  void add(int block) {
    blocks.set(block);
  }

  boolean contains(int block) {
    boolean found = blocks.get(block);
    for (int i = 0; i < syncing.size() && !found; i++) {
      found = syncing.get(i).get(block);
    }
    return found;
  }

  /// A sync begins.
  ///
  /// @return what it will make durable
  BitSet begin() {
    BitSet now = blocks;
    blocks = new BitSet();
    syncing.add(now);
    return now;
  }

  /// The sync has ended well.
  ///
  /// @return what is durable
  @SuppressWarnings("ReferenceEquality") // others under way may be equal
  BitSet end(BitSet now) {
    syncing.removeIf(set -> set == now);
    return now;
  }
}
