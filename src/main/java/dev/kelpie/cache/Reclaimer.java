package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;

/// Frees clean chunks when new ones are needed. Called with no lock held.
final class Reclaimer {
  /// How many chunks one call frees, so that not every write pays for a search.
  private static final int BATCH = 32;

  private final CacheState state;

  Reclaimer(CacheState state) {
    this.state = state;
  }

  /// Evicts some chunks, at least `needed` where so many can go.
  ///
  /// @return how many were freed
  int reclaim(int needed) {
    int wanted = Math.max(needed, Math.min(BATCH, state.space.capacity() / 8));
    int freed = 0;
    // Each chunk is looked at twice at most: S3-FIFO gives a used one a second chance.
    for (int tries = state.space.allocated() * 2; tries > 0 && freed < wanted; tries--) {
      int chunk = state.space.victim();
      if (chunk < 0) {
        break;
      }
      if (evict(chunk)) {
        freed++;
      } else if (freed >= needed && tries % BATCH == 0) {
        break;
      }
    }
    return freed;
  }

  private boolean evict(int chunk) {
    long owner = state.table.owner(chunk);
    if (owner == 0) {
      return false; // released meanwhile
    }
    ObjectId id = new ObjectId(owner);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int number = state.table.number(chunk);
      if (state.table.owner(chunk) != owner || stripe.find(id, number) != chunk) {
        return false;
      }
      long masks = state.table.masks(chunk);
      if (BlockMask.dirty(masks) != 0 || BlockMask.writing(masks) != 0) {
        state.space.keep(chunk);
        return false;
      }
      state.space.evicted(chunk, CacheState.name(id, number));
      long valid = Integer.bitCount(BlockMask.valid(masks));
      state.vdi(id).counters.evictedBytes.add(valid * IndexLayout.BLOCK_SIZE);
      state.release(stripe, id, chunk);
      return true;
    } finally {
      stripe.mutex.unlock();
    }
  }
}
