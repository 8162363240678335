package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Takes up what the last process left in index and slab. A record that cannot be is dropped, and
/// everything of a VDI whose lease is not this cache's any more (I4): before the leases go to their
/// next generation, after which what is left in the index is believed.
final class Recovery {
  private final CacheState state;
  private final Set<VdiId> kept;
  private final Log log;
  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_SIZE);

  /// Objects that were created anew or removed when the process ended, with their records: the
  /// chunks that are left are those of what they were before.
  private final Map<ObjectId, Integer> replaced = new HashMap<>();

  /// Dirty blocks that were dropped, by VDI. Whoever took a lease over has reported the loss where
  /// there was one; without a mark in it, the backend had them all.
  private final Map<VdiId, Integer> dropped = new TreeMap<>();

  private int damaged;

  Recovery(CacheState state, Set<VdiId> kept, Log log) {
    this.state = state;
    this.kept = kept;
    this.log = log;
  }

  /// Goes through all records of the allocated chunks.
  void run(int allocated) throws CacheFault {
    for (int slot = 0; slot < ChunkTable.stateSlots(allocated); slot++) {
      takeState(slot);
    }
    for (int chunk = allocated - 1; chunk >= 0; chunk--) {
      takeChunk(chunk);
    }
    replaced.values().forEach(state.table::stateReplaced);
    if (damaged > 0) {
      log.alert("object cache: " + damaged + " damaged records of the index were dropped");
    }
    dropped.forEach((vdi, blocks) ->
        log.alert(
            "object cache: "
                + (long) blocks * BLOCK_SIZE
                + " dirty bytes of VDI "
                + vdi
                + " were dropped: its lease is not this cache's any more"));
  }

  private void takeState(int slot) {
    long owner = state.table.stateOwner(slot);
    CachedObject.State kind = CachedObject.State.of(state.table.stateKind(slot));
    if (owner == 0) {
      state.space.releaseRecord(slot);
      return;
    }
    ObjectId id = new ObjectId(owner);
    ObjectId parent = kind == CachedObject.State.COPY ? parent(slot) : null;
    boolean sane =
        cacheable(id)
            && kind != null
            && (kind != CachedObject.State.COPY || parent != null)
            && state.stripe(id).object(id) == null;
    if (kind == null || !sane || !kept.contains(id.vdi())) {
      if (!sane) {
        damaged++;
      } else {
        dropped.merge(id.vdi(), 0, Integer::sum);
      }
      state.table.clearState(slot);
      state.space.releaseRecord(slot);
      return;
    }
    if (state.table.stateReplacing(slot)) {
      replaced.put(id, slot);
    }
    state.resume(id, kind, parent, slot);
  }

  private @Nullable ObjectId parent(int slot) {
    ObjectId parent = new ObjectId(state.table.stateParent(slot));
    return cacheable(parent) ? parent : null;
  }

  private void takeChunk(int chunk) throws CacheFault {
    long owner = state.table.owner(chunk);
    if (owner == 0) {
      state.space.release(chunk);
      return;
    }
    ObjectId id = new ObjectId(owner);
    int number = state.table.number(chunk);
    long masks = state.table.masks(chunk);
    if (!sane(id, number, masks)) {
      damaged++;
      forget(chunk);
      return;
    }
    if (!kept.contains(id.vdi())) {
      int dirty = Integer.bitCount(BlockMask.dirty(masks));
      if (dirty > 0) {
        dropped.merge(id.vdi(), dirty, Integer::sum);
      }
      forget(chunk);
      return;
    }
    if (replaced.containsKey(id)) {
      forget(chunk);
      return;
    }
    settleWriting(id, chunk, number, masks);
    state.adopt(state.stripe(id), id, chunk);
    state.resumeDirty(id, chunk);
  }

  private void forget(int chunk) {
    state.table.free(chunk);
    state.space.release(chunk);
  }

  private boolean sane(ObjectId id, int number, long masks) {
    if (!cacheable(id) || number < 0 || number >= CacheState.chunks(id)) {
      return false;
    }
    int valid = BlockMask.valid(masks);
    int dirty = BlockMask.dirty(masks);
    return (dirty & ~valid) == 0
        && (valid & ~CacheState.blocks(id, number)) == 0
        && masks == BlockMask.of(valid, dirty, BlockMask.writing(masks))
        && state.stripe(id).find(id, number) < 0;
  }

  /// Blocks that were being written: dirty ones are summed anew, since old and new sectors are both
  /// right; clean ones are dropped.
  private void settleWriting(ObjectId id, int chunk, int number, long masks) throws CacheFault {
    int writing = BlockMask.writing(masks);
    if (writing == 0) {
      return;
    }
    int kept = writing & BlockMask.dirty(masks);
    for (int b = 0; b < IndexLayout.BLOCKS_PER_CHUNK; b++) {
      if ((kept & (1 << b)) != 0) {
        block.clear().limit(CacheState.blockLength(id, number, b));
        state.slab.resum(chunk, b, block);
      }
    }
    int valid = BlockMask.valid(masks) & ~(writing & ~kept);
    state.table.masks(chunk, BlockMask.of(valid, BlockMask.dirty(masks), 0));
  }

  /// Whether objects of this kind are cached at all: not VM state, attributes and ledgers.
  static boolean cacheable(ObjectId id) {
    return id.vdiBits() != 0
        && switch (id.kind()) {
          case DATA, INODE, BTREE -> true;
          case VM_STATE, ATTRIBUTE, LEDGER -> false;
        };
  }
}
