package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.cache.CacheControl.Inspection;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Checks cached blocks for an operator, chunk by chunk while the cache serves. A clean block that
/// is not as it should be is dropped, so that the next read fetches it; a dirty one is left alone:
/// it may be all that is left of a write.
final class Inspector {
  /// The blocks that one step reads, so that its request does not take long: 4 MiB.
  private static final int STEP_BLOCKS = 1024;

  /// The chunks that one step looks at, most of which may be another VDI's.
  private static final int STEP_CHUNKS = 1 << 16;

  private final CacheState state;
  private final ObjectStore backend;
  private final Buffers buffers;
  private final Damage damage;
  private final Leases leases;

  Inspector(CacheState state, ObjectStore backend, Buffers buffers, Damage damage, Leases leases) {
    this.state = state;
    this.backend = backend;
    this.buffers = buffers;
    this.damage = damage;
    this.leases = leases;
  }

  /// Goes on with a check.
  ///
  /// @param vdi whose blocks are checked; empty for all
  /// @param from the chunk to begin with
  /// @param deep whether clean blocks are compared with the backend, too
  Inspection step(Optional<VdiId> vdi, int from, boolean deep) throws IOException {
    Inspection found = new Inspection(from, 0, 0, 0, 0, 0);
    int allocated = state.space.allocated();
    int end = (int) Math.min(allocated, (long) from + STEP_CHUNKS);
    int chunk = from;
    ByteBuffer bytes = buffers.take(CHUNK_SIZE);
    try {
      for (; chunk < end && found.checked() < STEP_BLOCKS; chunk++) {
        long owner = state.table.owner(chunk);
        if (owner != 0 && (vdi.isEmpty() || vdi.get().equals(new ObjectId(owner).vdi()))) {
          found = found.plus(chunk(new ObjectId(owner), chunk, deep, bytes));
        }
      }
    } finally {
      buffers.give(bytes);
    }
    return found.until(chunk < allocated ? chunk : Inspection.END);
  }

  private Inspection chunk(ObjectId id, int chunk, boolean deep, ByteBuffer bytes)
      throws IOException {
    Stripe stripe = state.stripe(id);
    Pull watch;
    int sound;
    Inspection found;
    stripe.mutex.lock();
    try {
      if (state.table.owner(chunk) != id.value()) {
        return new Inspection(0, 0, 0, 0, 0, 0);
      }
      CachedObject object = state.object(stripe, id);
      int number = state.table.number(chunk);
      int valid = BlockMask.valid(state.table.masks(chunk));
      found = sums(object, chunk, valid, bytes);
      long masks = state.table.masks(chunk);
      sound = BlockMask.valid(masks) & ~BlockMask.dirty(masks);
      if (!deep || sound == 0 || object.state != CachedObject.State.PRESENT) {
        stripe.forgetIdle(object);
        return found;
      }
      watch = watch(object, number, sound);
    } finally {
      stripe.mutex.unlock();
    }
    return found.plus(compare(id, chunk, watch, bytes));
  }

  /// Reads each valid block; its bytes lie in the buffer as they lie in the chunk.
  private Inspection sums(CachedObject object, int chunk, int valid, ByteBuffer bytes)
      throws CacheFault {
    int number = state.table.number(chunk);
    int clean = 0;
    int dirty = 0;
    for (int b = 0; b < BLOCKS_PER_CHUNK; b++) {
      if ((valid & (1 << b)) == 0) {
        continue;
      }
      int length = CacheState.blockLength(object.id, number, b);
      if (state.slab.read(chunk, b, bytes.slice(b * BLOCK_SIZE, length)) < 0) {
        continue;
      }
      if ((BlockMask.dirty(state.table.masks(chunk)) & (1 << b)) != 0) {
        dirty++;
      } else {
        damage.drop(object, chunk, b);
        clean++;
      }
    }
    return new Inspection(0, Integer.bitCount(valid), clean, dirty, 0, 0);
  }

  /// Takes part in the object's pulls, so as to hear of every change of these blocks. Nobody waits
  /// for it, since it brings none.
  private static Pull watch(CachedObject object, int number, int blocks) {
    int first = number * BLOCKS_PER_CHUNK;
    Pull watch = new Pull(first, first + BLOCKS_PER_CHUNK - 1, false);
    watch.spoil(number, BlockMask.ALL & ~blocks);
    object.pulls.add(watch);
    return watch;
  }

  /// Compares clean blocks with what the backend has; those that changed meanwhile are left out.
  private Inspection compare(ObjectId id, int chunk, Pull watch, ByteBuffer cached)
      throws CacheFault {
    int base = watch.first * BLOCK_SIZE;
    int length = Math.min(CHUNK_SIZE, id.size() - base);
    ByteBuffer stored = buffers.take(CHUNK_SIZE).limit(length);
    @Nullable Outcome outcome = null;
    try {
      outcome = backend.read(id, base, stored, access(id));
    } catch (IOException _) {
      // The store says so itself, to its log and to whoever reads; here it is counted.
    }
    try {
      return settle(id, chunk, watch, cached, stored, outcome);
    } finally {
      buffers.give(stored);
    }
  }

  private Access access(ObjectId id) throws IOException {
    return new Access(id.vdi(), leases.generation(id.vdi()), CacheMode.DIRECT, Patience.WAIT);
  }

  private Inspection settle(
      ObjectId id,
      int chunk,
      Pull watch,
      ByteBuffer cached,
      ByteBuffer stored,
      @Nullable Outcome outcome) {
    int differing = 0;
    int unread = 0;
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = state.object(stripe, id);
      int number = watch.first / BLOCKS_PER_CHUNK;
      boolean same = stripe.find(id, number) == chunk;
      for (int b = 0; same && b < BLOCKS_PER_CHUNK; b++) {
        int bit = (1 << b) & BlockMask.valid(state.table.masks(chunk));
        if (bit == 0 || watch.spoiled(watch.first + b)) {
          continue;
        }
        if (outcome != Outcome.DONE && outcome != Outcome.NO_OBJECT) {
          unread++;
        } else if (outcome == Outcome.NO_OBJECT
            || !equal(cached, stored, b, CacheState.blockLength(id, number, b))) {
          state.dropped(object, chunk, bit);
          object.changed(number, bit);
          differing++;
        }
      }
      return new Inspection(0, 0, 0, 0, differing, unread);
    } finally {
      CachedObject object = state.object(stripe, id);
      object.pulls.remove(watch);
      stripe.forgetIdle(object);
      stripe.changed.wakeAll();
      stripe.mutex.unlock();
    }
  }

  private static boolean equal(ByteBuffer cached, ByteBuffer stored, int block, int length) {
    int at = block * BLOCK_SIZE;
    return cached.slice(at, length).equals(stored.slice(at, length));
  }
}
