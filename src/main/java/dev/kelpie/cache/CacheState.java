package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Everything the cache knows, with the small steps that keep table, stripes, space and counts in
/// line. A method that takes a [Stripe] is called with its lock held.
final class CacheState {
  /// Enough that two busy objects rarely share a lock, few enough to cost little memory.
  private static final int STRIPES = 512;

  /// How many chunks before a new one are looked for: those of a large write that came before it.
  private static final int NEARBY = 16;

  final ChunkTable table;
  final Slab slab;
  final ChunkSpace space;

  private final Clock clock;
  private final Locks locks;
  private final Stripe[] stripes;
  private final Map<VdiId, VdiCache> vdis = new ConcurrentHashMap<>();

  /// Chunks with dirty blocks: they cannot be evicted, so their share is what is limited.
  private final AtomicInteger dirtyChunks = new AtomicInteger();

  /// Objects that differ from the backend: each takes memory until it was pushed.
  private final AtomicInteger differing = new AtomicInteger();

  /// Reads of clients that wait for the backend now; what runs in the background lets them go
  /// first.
  final AtomicInteger clientPulls = new AtomicInteger();

  CacheState(Clock clock, Locks locks, ChunkTable table, Slab slab, ChunkSpace space) {
    this(clock, locks, table, slab, space, STRIPES);
  }

  /// With another number of stripes, a power of two.
  CacheState(
      Clock clock, Locks locks, ChunkTable table, Slab slab, ChunkSpace space, int stripeCount) {
    this.clock = clock;
    this.locks = locks;
    this.table = table;
    this.slab = slab;
    this.space = space;
    this.stripes = new Stripe[stripeCount];
    for (int i = 0; i < stripeCount; i++) {
      stripes[i] = new Stripe(locks, table);
    }
  }

  Stripe stripe(ObjectId object) {
    return stripes[Stripe.of(object, stripes.length)];
  }

  /// Waits until everybody is through who has a stripe's lock now.
  void passStripes() {
    for (Stripe stripe : stripes) {
      stripe.mutex.lock();
      stripe.mutex.unlock();
    }
  }

  /// Whether anything was ever asked of a VDI. Nothing is kept of one that a client made up.
  boolean knows(VdiId id) {
    return vdis.containsKey(id);
  }

  VdiCache vdi(VdiId id) {
    VdiCache known = vdis.get(id);
    return known != null
        ? known
        : vdis.computeIfAbsent(
            id, i -> new VdiCache(i, locks, clock.nanos(), space.newShare(), differing));
  }

  VdiCache vdi(ObjectId object) {
    return vdi(object.vdi());
  }

  Collection<VdiCache> vdis() {
    return vdis.values();
  }

  /// How long ago a moment of the clock was.
  Duration age(long since) {
    return Duration.ofNanos(clock.nanos() - since);
  }

  /// How many objects differ from the backend.
  int differing() {
    return differing.get();
  }

  int dirtyChunks() {
    return dirtyChunks.get();
  }

  /// The object's state in memory, made where there is none.
  CachedObject object(Stripe stripe, ObjectId id) {
    return stripe.object(id, this::vdi);
  }

  /// Where the absent blocks of an object come from that is a copy; null for every other object.
  /// Takes the stripe's lock itself.
  @Nullable ObjectId parentOf(ObjectId id) {
    Stripe stripe = stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      return object == null ? null : object.parent;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Whether the object is to be removed. Takes the stripe's lock itself.
  boolean isGone(ObjectId id) {
    Stripe stripe = stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      return object != null && object.state == CachedObject.State.GONE;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// How many chunks an object has.
  static int chunks(ObjectId id) {
    return Math.ceilDiv(id.size(), CHUNK_SIZE);
  }

  /// The blocks that a chunk of an object has; fewer than 16 at the end of an inode.
  static int blocks(ObjectId id, int number) {
    int bytes = Math.min(CHUNK_SIZE, id.size() - number * CHUNK_SIZE);
    return BlockMask.range(0, Math.ceilDiv(bytes, BLOCK_SIZE) - 1);
  }

  /// The bytes of a block; fewer than 4096 at the end of an inode.
  static int blockLength(ObjectId id, int number, int block) {
    return Math.min(BLOCK_SIZE, id.size() - (number * BLOCKS_PER_CHUNK + block) * BLOCK_SIZE);
  }

  /// Gives the object a free chunk; -1 where none is free, or its disk is at its quota.
  int claim(Stripe stripe, ObjectId id, int number) {
    VdiCache vdi = vdi(id);
    int chunk = space.take(vdi, beside(stripe, id, number));
    if (chunk >= 0) {
      table.assign(chunk, id, number);
      stripe.put(chunk, id, number);
      space.added(chunk, vdi, name(id, number));
    }
    return chunk;
  }

  /// Where the chunk would lie so that it is at its distance from one of those before it.
  private static int beside(Stripe stripe, ObjectId id, int number) {
    for (int before = 1; before <= Math.min(number, NEARBY); before++) {
      int chunk = stripe.find(id, number - before);
      if (chunk >= 0) {
        return chunk + before;
      }
    }
    return FreeChunks.NONE;
  }

  /// Takes up a chunk that the table gives to the object.
  void adopt(Stripe stripe, ObjectId id, int number, int chunk) {
    VdiCache vdi = vdi(id);
    space.resume(vdi);
    stripe.put(chunk, id, number);
    space.added(chunk, vdi, name(id, number));
    vdi.validBlocks.addAndGet(Integer.bitCount(BlockMask.valid(table.masks(chunk))));
  }

  /// Takes a chunk from its object, whatever is in it.
  void release(Stripe stripe, ObjectId id, int chunk) {
    long masks = table.masks(chunk);
    int dirty = BlockMask.dirty(masks);
    if (dirty != 0) {
      countDirty(id, -Integer.bitCount(dirty), -1);
      CachedObject object = stripe.object(id);
      if (object != null) {
        object.dirtyChunks.clear(table.number(chunk));
      }
    }
    stripe.remove(chunk);
    table.free(chunk);
    VdiCache vdi = vdi(id);
    vdi.validBlocks.addAndGet(-Integer.bitCount(BlockMask.valid(masks)));
    space.release(chunk, vdi);
  }

  /// Takes all chunks from an object, dirty or not.
  void releaseAll(Stripe stripe, CachedObject object) {
    for (int number = 0; number < chunks(object.id); number++) {
      object.changed(number, BlockMask.ALL);
      int chunk = stripe.find(object.id, number);
      if (chunk >= 0) {
        release(stripe, object.id, chunk);
      }
    }
  }

  /// Stores clean blocks of an object, which are absent, from the backend's bytes.
  void keep(ObjectId id, int chunk, int block, ByteBuffer bytes) throws CacheFault {
    int blocks = BlockMask.range(block, block + Math.ceilDiv(bytes.remaining(), BLOCK_SIZE) - 1);
    table.masks(chunk, BlockMask.withWriting(table.masks(chunk), blocks));
    slab.write(chunk, block, bytes);
    table.masks(chunk, BlockMask.pulled(table.masks(chunk), blocks));
    vdi(id).validBlocks.addAndGet(Integer.bitCount(blocks));
  }

  /// Counts one more dirty chunk where there are less than `max`. Then [#wrote] or
  /// [#dropDirtyChunk] follows.
  boolean addDirtyChunk(VdiCache vdi, int max) {
    int before = dirtyChunks.get();
    while (before < max) {
      if (dirtyChunks.compareAndSet(before, before + 1)) {
        vdi.dirtyChunks.incrementAndGet();
        return true;
      }
      before = dirtyChunks.get();
    }
    return false;
  }

  /// The chunk that was counted is not dirty.
  void dropDirtyChunk(VdiCache vdi) {
    dirtyChunks.decrementAndGet();
    vdi.dirtyChunks.decrementAndGet();
  }

  /// Blocks of a chunk were written: their bytes and checksums are in place. Where nothing of it
  /// was dirty, it was counted before.
  void wrote(CachedObject object, int chunk, int blocks) {
    long masks = table.masks(chunk);
    int before = BlockMask.dirty(masks);
    int added = blocks & ~before;
    table.masks(chunk, BlockMask.written(masks, blocks));
    int arrived = blocks & ~BlockMask.valid(masks);
    if (arrived != 0) {
      object.vdi.validBlocks.addAndGet(Integer.bitCount(arrived));
    }
    if (added != 0) {
      countDirty(object.id, Integer.bitCount(added), 0);
      if (!object.differs()) {
        object.vdi.differs(object.id, clock.nanos());
      }
      object.dirtyChunks.set(table.number(chunk));
    }
  }

  /// The backend has these blocks.
  void cleaned(CachedObject object, int chunk, int blocks) {
    long masks = table.masks(chunk);
    int removed = blocks & BlockMask.dirty(masks);
    if (removed == 0) {
      return;
    }
    table.masks(chunk, BlockMask.clean(masks, removed));
    boolean last = BlockMask.dirty(masks) == removed;
    countDirty(object.id, -Integer.bitCount(removed), last ? -1 : 0);
    if (last) {
      object.dirtyChunks.clear(table.number(chunk));
    }
  }

  /// Blocks are gone, dirty or not.
  void dropped(CachedObject object, int chunk, int blocks) {
    cleaned(object, chunk, blocks);
    long masks = table.masks(chunk);
    table.masks(chunk, BlockMask.dropped(masks, blocks));
    object.vdi.validBlocks.addAndGet(-Integer.bitCount(blocks & BlockMask.valid(masks)));
  }

  /// The object as a whole differs from the backend, and loses what it had: all of it at once, as
  /// far as a kill can tell.
  ///
  /// @return whether there was a record free for it; otherwise it is as it was
  boolean become(
      Stripe stripe, CachedObject object, CachedObject.State state, @Nullable ObjectId parent) {
    long parentId = parent == null ? 0 : parent.value();
    int slot = object.record >= 0 ? object.record : space.takeRecord();
    if (slot < 0) {
      return false;
    }
    if (!object.differs()) {
      object.vdi.differs(object.id, clock.nanos());
    }
    if (object.record >= 0) {
      table.changeState(slot, state.code(), parentId);
    } else {
      table.putState(slot, object.id, state.code(), parentId);
    }
    object.state = state;
    object.parent = parent;
    object.record = slot;
    object.stateChanges++;
    object.vdi.removed.remove(object.id);
    releaseAll(stripe, object);
    table.stateReplaced(slot);
    return true;
  }

  /// The backend has the object, or has it no more, as it should be.
  void settled(CachedObject object) {
    table.clearState(object.record);
    space.releaseRecord(object.record);
    object.state = CachedObject.State.PRESENT;
    object.parent = null;
    object.record = -1;
    object.stateChanges++;
  }

  /// Updates the VDI's list after blocks or state were cleaned.
  void listed(CachedObject object) {
    if (!object.differs()) {
      object.vdi.same(object.id);
    }
  }

  /// Where the run of absent blocks ends that begins at `at`, in front of `end`; it may go through
  /// several chunks. `at` where that block is valid.
  int absentUntil(Stripe stripe, ObjectId id, int at, int end) {
    int block = at / BLOCK_SIZE;
    while (block * BLOCK_SIZE < end) {
      int number = block / BLOCKS_PER_CHUNK;
      int chunk = stripe.find(id, number);
      int valid = chunk < 0 ? 0 : BlockMask.valid(table.masks(chunk));
      int rest = valid >>> block % BLOCKS_PER_CHUNK;
      if (rest != 0) {
        block += Integer.numberOfTrailingZeros(rest);
        break;
      }
      block = (number + 1) * BLOCKS_PER_CHUNK;
    }
    return Math.max(at, Math.min(end, block * BLOCK_SIZE));
  }

  /// Where the run of valid blocks ends that begins at `at`; `at` where that block is absent.
  int validUntil(Stripe stripe, ObjectId id, int at, int end) {
    int start = at;
    while (start < end) {
      int number = start / CHUNK_SIZE;
      int first = start % CHUNK_SIZE / BLOCK_SIZE;
      int chunk = stripe.find(id, number);
      int valid = chunk < 0 ? 0 : BlockMask.valid(table.masks(chunk)) >>> first;
      int run = Integer.numberOfTrailingZeros(~valid);
      if (run == 0) {
        return start;
      }
      start = number * CHUNK_SIZE + (first + run) * BLOCK_SIZE;
    }
    return end;
  }

  /// How many chunks would have to be claimed to keep these blocks, counted from the start of the
  /// object. Takes the stripe's lock.
  int absentChunks(ObjectId id, int firstBlock, int lastBlock) {
    Stripe stripe = stripe(id);
    int absent = 0;
    stripe.mutex.lock();
    try {
      for (int n = firstBlock / BLOCKS_PER_CHUNK; n <= lastBlock / BLOCKS_PER_CHUNK; n++) {
        absent += stripe.find(id, n) < 0 ? 1 : 0;
      }
    } finally {
      stripe.mutex.unlock();
    }
    return absent;
  }

  /// Whether blocks of the object are cached.
  boolean hasChunks(Stripe stripe, ObjectId id) {
    for (int number = 0; number < chunks(id); number++) {
      if (stripe.find(id, number) >= 0) {
        return true;
      }
    }
    return false;
  }

  private void countDirty(ObjectId id, int blocks, int chunks) {
    VdiCache vdi = vdi(id);
    vdi.dirtyBlocks.addAndGet(blocks);
    if (chunks != 0) {
      vdi.dirtyChunks.addAndGet(chunks);
      dirtyChunks.addAndGet(chunks);
    }
  }

  /// Takes up an object record that a start found.
  void resume(ObjectId id, CachedObject.State kind, @Nullable ObjectId parent, int slot) {
    CachedObject object = object(stripe(id), id);
    object.state = kind;
    object.parent = parent;
    object.record = slot;
    object.vdi.differs(id, clock.nanos());
  }

  /// Takes up the dirty blocks of a chunk that a start found.
  void resumeDirty(ObjectId id, int chunk) {
    int dirty = BlockMask.dirty(table.masks(chunk));
    if (dirty != 0) {
      countDirty(id, Integer.bitCount(dirty), 1);
      CachedObject object = object(stripe(id), id);
      object.dirtyChunks.set(table.number(chunk));
      object.vdi.differs(id, clock.nanos());
    }
  }

  /// What a chunk is remembered by after it was evicted.
  static long name(ObjectId id, int number) {
    return id.value() * 31 + number;
  }
}
