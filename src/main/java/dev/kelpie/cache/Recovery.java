package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Leases;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Takes up what the last process left in index and slab. A record that is damaged is dropped, and
/// everything of a VDI whose lease is not this cache's any more (I4): before the leases go to their
/// next generation, after which what is left in the index is believed.
///
/// Nothing is kept here for each chunk, and a chunk costs a look at its record and a place in its
/// [Stripe]: a cache of 100 GiB has 1.6 million of them, and the first answer waits for the last.
final class Recovery {
  private final CacheState state;
  private final Set<VdiId> kept;
  private final Log log;
  private final FoundRecords records;
  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_SIZE);

  /// Objects that were created anew or removed when the process ended, with their records: the
  /// chunks that are left are those of what they were before.
  private final Map<ObjectId, Integer> replaced = new HashMap<>();

  /// Dirty blocks that were dropped, by VDI. Whoever took a lease over has reported the loss where
  /// there was one; without a mark in it, the backend had them all.
  private final Map<VdiId, Integer> dropped = new TreeMap<>();

  private final BitSet free = new BitSet();
  private final BitSet damagedChunks = new BitSet();
  private final BitSet damagedRecords = new BitSet();

  Recovery(CacheState state, DiskFile index, Set<VdiId> kept, Log log) {
    this.state = state;
    this.records = new FoundRecords(index);
    this.kept = kept;
    this.log = log;
  }

  /// Goes through all records.
  ///
  /// @param allocated the chunks that the slab has
  /// @param recorded those that the index has room for
  void run(int allocated, int recorded) throws IOException {
    for (int segment = 0; segment < IndexLayout.segments(allocated); segment++) {
      takeStates(segment);
    }
    for (int segment = 0; segment < IndexLayout.segments(allocated); segment++) {
      takeChunks(segment, allocated);
    }
    lookBehind(allocated, recorded);
    // The lowest ones are taken first.
    for (int c = free.previousSetBit(allocated); c >= 0; c = free.previousSetBit(c - 1)) {
      state.space.release(c);
    }
    replaced.values().forEach(state.table::stateReplaced);
    dropped.forEach((vdi, blocks) ->
        log.alert(
            "object cache: "
                + (long) blocks * BLOCK_SIZE
                + " dirty bytes of VDI "
                + vdi
                + " were dropped: its lease is not this cache's any more"));
  }

  /// Reports what damage may have cost, then frees the damaged records: in this order, so that a
  /// kill in between does not hide it. Which VDI a damaged record belonged to nobody can say: all
  /// that may have unflushed writes are told (I16).
  void settleDamage(Leases leases, int allocated) {
    int damaged = damagedChunks.cardinality() + damagedRecords.cardinality();
    if (damaged == 0) {
      return;
    }
    log.alert("object cache: " + damaged + " damaged records of the index were dropped");
    for (VdiId vdi : kept) {
      if (leases.unflushed(vdi)) {
        leases.reportLoss(vdi, damaged + " records of the object cache's index were damaged");
      }
    }
    damagedChunks.stream().forEach(state.table::free);
    damagedChunks.stream().filter(c -> c < allocated).forEach(state.space::release);
    damagedRecords.stream()
        .forEach(slot -> {
          state.table.clearState(slot);
          state.space.releaseRecord(slot);
        });
  }

  private void takeStates(int segment) throws IOException {
    records.readObjects(segment);
    for (int place = 0; place < IndexLayout.OBJECTS_PER_SEGMENT; place++) {
      int slot = segment * IndexLayout.OBJECTS_PER_SEGMENT + place;
      if (records.object(place) == 0) {
        state.space.releaseRecord(slot);
      } else {
        takeState(slot);
      }
    }
  }

  private void takeState(int slot) {
    ObjectId id = new ObjectId(state.table.stateOwner(slot));
    CachedObject.State kind = CachedObject.State.of(state.table.stateKind(slot));
    ObjectId parent = kind == CachedObject.State.COPY ? parent(slot) : null;
    if (kind == null
        || !state.table.stateIsWhole(slot)
        || !cacheable(id)
        || (kind == CachedObject.State.COPY && parent == null)
        || state.stripe(id).object(id) != null) {
      damagedRecords.set(slot);
      return;
    }
    if (!kept.contains(id.vdi())) {
      dropped.merge(id.vdi(), 0, Integer::sum);
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

  private void takeChunks(int segment, int allocated) throws IOException {
    records.readChunks(segment);
    int first = segment * IndexLayout.CHUNKS_PER_SEGMENT;
    int count = Math.min(IndexLayout.CHUNKS_PER_SEGMENT, allocated - first);
    for (int place = 0; place < count; place++) {
      takeChunk(first + place, place);
    }
  }

  private void takeChunk(int chunk, int place) throws CacheFault {
    long owner = records.owner(place);
    long masks = records.masks(place);
    if (owner == 0) {
      (masks == 0 ? free : damagedChunks).set(chunk);
      return;
    }
    ObjectId id = new ObjectId(owner);
    int number = records.number(place);
    if (!records.isWhole(place) || !sane(id, number, masks)) {
      damagedChunks.set(chunk);
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
    Stripe stripe = state.stripe(id);
    if (stripe.find(id, number) >= 0) {
      damagedChunks.set(chunk);
      return;
    }
    if (BlockMask.writing(masks) != 0) {
      settleWriting(id, chunk, number, masks);
    }
    state.adopt(stripe, id, number, chunk);
    if (BlockMask.dirty(masks) != 0) {
      state.resumeDirty(id, chunk);
    }
  }

  /// Chunks that have an owner but no bytes: somebody has cut the slab. Goes on until the records
  /// were never used, as the files grow from their start.
  private void lookBehind(int allocated, int recorded) throws IOException {
    boolean used = true;
    for (int segment = allocated / IndexLayout.CHUNKS_PER_SEGMENT;
        used && segment < IndexLayout.segments(recorded);
        segment++) {
      records.readChunks(segment);
      int first = segment * IndexLayout.CHUNKS_PER_SEGMENT;
      used = false;
      for (int place = Math.max(0, allocated - first);
          place < IndexLayout.CHUNKS_PER_SEGMENT;
          place++) {
        used |= records.useCount(place) != 0;
        if (records.owner(place) != 0) {
          damagedChunks.set(first + place);
        }
      }
    }
  }

  private void forget(int chunk) {
    state.table.free(chunk);
    free.set(chunk);
  }

  private static boolean sane(ObjectId id, int number, long masks) {
    if (!cacheable(id) || number < 0 || number >= CacheState.chunks(id)) {
      return false;
    }
    int valid = BlockMask.valid(masks);
    return (BlockMask.dirty(masks) & ~valid) == 0
        && ((valid | BlockMask.writing(masks)) & ~CacheState.blocks(id, number)) == 0;
  }

  /// Blocks that were being written: dirty ones are summed anew, since old and new sectors are both
  /// right; clean ones are dropped.
  private void settleWriting(ObjectId id, int chunk, int number, long masks) throws CacheFault {
    int writing = BlockMask.writing(masks);
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
