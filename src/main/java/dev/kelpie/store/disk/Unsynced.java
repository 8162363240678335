package dev.kelpie.store.disk;

import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/// The blocks of a file that were written in place and not synced since. Guarded by the file's
/// gate.
final class Unsynced {
  private BitSet blocks = new BitSet();

  /// The blocks for which a sync is under way.
  private final Set<BitSet> syncing = Collections.newSetFromMap(new IdentityHashMap<>());

  void add(int block) {
    blocks.set(block);
  }

  boolean contains(int block) {
    return blocks.get(block) || syncing.stream().anyMatch(set -> set.get(block));
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
  BitSet end(BitSet now) {
    syncing.remove(now);
    return now;
  }
}
