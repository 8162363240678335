package dev.kelpie.cache;

import dev.kelpie.object.Leases;

/// What happens to a block that does not match its checksum: a clean one is forgotten, so that it
/// is fetched again; a dirty one was acknowledged data and is lost, which the VDI's next barrier
/// says. It is never pushed.
final class Damage {
  private final CacheState state;
  private final Leases leases;

  Damage(CacheState state, Leases leases) {
    this.state = state;
    this.leases = leases;
  }

  /// Drops the block. Called with the lock of the object's stripe.
  ///
  /// @return whether it was dirty
  boolean drop(CachedObject object, int chunk, int block) {
    int number = state.table.number(chunk);
    boolean dirty = (BlockMask.dirty(state.table.masks(chunk)) & (1 << block)) != 0;
    state.dropped(object, chunk, 1 << block);
    object.changed(number, 1 << block);
    state.listed(object);
    VdiCounters counters = object.vdi.counters;
    (dirty ? counters.damagedDirty : counters.damagedClean).increment();
    if (dirty) {
      leases.reportLoss(
          object.vdi.id,
          "dirty block "
              + (number * IndexLayout.BLOCKS_PER_CHUNK + block)
              + " of object "
              + object.id
              + " is damaged in the object cache");
    }
    return dirty;
  }
}
