package dev.kelpie.cache;

import dev.kelpie.model.Invariant;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/// Compares what the cache counts with what its records say. Called while no request is under way:
/// by tests and simulation, and as the engine of a check for operators.
final class CacheCheck {
  private CacheCheck() {}

  /// Stops with what differs.
  static void check(ObjectCache cache) {
    check(cache.state());
  }

  static void check(CacheState state) {
    Map<VdiId, Integer> chunks = new HashMap<>();
    Map<VdiId, Long> dirty = new HashMap<>();
    Map<VdiId, Long> valid = new HashMap<>();
    int dirtyChunks = 0;
    int used = 0;
    for (int chunk = 0; chunk < state.space.allocated(); chunk++) {
      long owner = state.table.owner(chunk);
      if (owner == 0) {
        continue;
      }
      ObjectId id = new ObjectId(owner);
      long masks = state.table.masks(chunk);
      int blocks = Integer.bitCount(BlockMask.dirty(masks));
      String what = "chunk " + chunk + " of object " + id + ": ";
      Invariant.check(BlockMask.writing(masks) == 0, what + "a write has no end");
      Invariant.check(
          (BlockMask.dirty(masks) & ~BlockMask.valid(masks)) == 0, what + "dirty but not valid");
      Invariant.check(
          state.stripe(id).find(id, state.table.number(chunk)) == chunk,
          what + "not found by its name");
      CachedObject object = state.stripe(id).object(id);
      boolean listed = object != null && object.dirtyChunks.get(state.table.number(chunk));
      Invariant.check(listed == (blocks > 0), what + "dirty blocks and the object's list differ");
      chunks.merge(id.vdi(), 1, Integer::sum);
      dirty.merge(id.vdi(), (long) blocks, Long::sum);
      valid.merge(id.vdi(), (long) Integer.bitCount(BlockMask.valid(masks)), Long::sum);
      dirtyChunks += blocks > 0 ? 1 : 0;
      used++;
    }
    IdentityHashMap<Share, Integer> shares = new IdentityHashMap<>();
    for (VdiCache vdi : state.vdis()) {
      shares.merge(vdi.share, vdi.chunks.get(), Integer::sum);
      String what = "VDI " + vdi.id + ": ";
      Invariant.check(vdi.chunks.get() == chunks.getOrDefault(vdi.id, 0), what + "count of chunks");
      Invariant.check(
          vdi.dirtyBlocks.get() == dirty.getOrDefault(vdi.id, 0L), what + "count of dirty blocks");
      Invariant.check(
          vdi.validBlocks.get() == valid.getOrDefault(vdi.id, 0L), what + "count of valid blocks");
      for (ObjectId id : vdi.differing()) {
        CachedObject object = state.stripe(id).object(id);
        Invariant.check(
            object != null && object.differs(), what + id + " is listed, but does not differ");
      }
    }
    shares.forEach((share, count) -> {
      Invariant.check(share.used == count, "a disk's count of chunks");
      Invariant.check(share.leaving == 0, "a chunk was chosen to go and forgotten");
    });
    int ofAll = state.vdis().stream().mapToInt(vdi -> vdi.dirtyChunks.get()).sum();
    Invariant.check(state.dirtyChunks() == dirtyChunks, "count of dirty chunks");
    Invariant.check(ofAll == dirtyChunks, "the VDIs' counts of dirty chunks");
    Invariant.check(
        state.space.freeCount() + used == state.space.capacity() || state.space.stuck(),
        "free and used chunks do not add up");
  }
}
