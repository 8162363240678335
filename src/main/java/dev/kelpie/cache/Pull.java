package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;

import java.util.BitSet;

/// A read of the backend for a run of absent blocks. Blocks that were written, discarded or
/// invalidated meanwhile are spoiled: they are not kept, and nobody who came later may take them.
/// Guarded by the lock of the object's [Stripe].
final class Pull {
  /// Blocks are counted from the start of the object.
  final int first;

  final int last;

  /// Whether the blocks stay here; nobody waits for those that do not.
  private final boolean kept;

  private final BitSet spoiled = new BitSet();

  Pull(int first, int last, boolean kept) {
    this.first = first;
    this.last = last;
    this.kept = kept;
  }

  void spoil(int chunkNumber, int blocks) {
    int base = chunkNumber * BLOCKS_PER_CHUNK;
    for (int b = 0; b < BLOCKS_PER_CHUNK; b++) {
      int block = base + b;
      if ((blocks & (1 << b)) != 0 && block >= first && block <= last) {
        spoiled.set(block);
      }
    }
  }

  void spoil(BitSet blocks) {
    spoiled.or(blocks);
  }

  boolean spoiled(int block) {
    return spoiled.get(block);
  }

  /// Whether who needs this block can wait for the pull.
  boolean brings(int block) {
    return firstBrought(block, block + 1) == block;
  }

  /// The first block from `from` on, before `until`, that it brings; `until` for none.
  int firstBrought(int from, int until) {
    int block = spoiled.nextClearBit(Math.max(from, first));
    return kept && block < until && block <= last ? block : until;
  }
}
