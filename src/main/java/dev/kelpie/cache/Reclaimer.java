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

  /// Evicts for a write: as long as it takes to find a clean chunk.
  ///
  /// @return how many were freed
  int reclaim(VdiCache forWhom, int needed) {
    // Each chunk is looked at twice at most: S3-FIFO gives a used one a second chance.
    return reclaim(forWhom, needed, state.space.allocated() * 2);
  }

  /// Evicts for a read that needs so many new chunks, if clean ones are quickly found: it can do
  /// without.
  void prepare(VdiCache forWhom, int needed) {
    int missing = state.space.missing(forWhom, needed);
    if (missing > 0) {
      reclaim(forWhom, missing, BATCH + 4 * missing);
    }
  }

  /// Evicts what a disk has beyond its quota, as far as it is clean.
  void trim(VdiCache vdi) {
    for (int tries = 2 * vdi.share.used; tries > 0 && vdi.share.isOver(); tries--) {
      Shares.Victim victim = state.space.victim(vdi);
      if (victim == null) {
        return;
      }
      evict(victim);
    }
  }

  private int reclaim(VdiCache forWhom, int needed, int triesMax) {
    boolean ownOnly = forWhom.share.isFull();
    int batch = ownOnly ? needed : Math.min(BATCH, state.space.capacity() / 8);
    int wanted = Math.max(needed, batch);
    int freed = 0;
    for (int tries = triesMax; tries > 0 && freed < wanted; tries--) {
      Shares.Victim victim = state.space.victim(forWhom);
      if (victim == null) {
        break;
      }
      if (evict(victim)) {
        freed++;
      } else if (freed >= needed && tries % BATCH == 0) {
        break;
      }
    }
    return freed;
  }

  private boolean evict(Shares.Victim victim) {
    int chunk = victim.chunk();
    long owner = state.table.owner(chunk);
    if (owner == 0) {
      state.space.missed(victim); // released meanwhile
      return false;
    }
    ObjectId id = new ObjectId(owner);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int number = state.table.number(chunk);
      if (state.table.owner(chunk) != owner || stripe.find(id, number) != chunk) {
        state.space.missed(victim);
        return false;
      }
      long masks = state.table.masks(chunk);
      if (BlockMask.dirty(masks) != 0 || BlockMask.writing(masks) != 0) {
        state.space.keep(victim);
        return false;
      }
      long valid = Integer.bitCount(BlockMask.valid(masks));
      state.vdi(id).counters.evictedBytes.add(valid * IndexLayout.BLOCK_SIZE);
      state.release(stripe, id, chunk);
      state.space.evicted(victim, CacheState.name(id, number));
      return true;
    } finally {
      stripe.mutex.unlock();
    }
  }
}
