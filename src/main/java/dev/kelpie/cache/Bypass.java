package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes of the backend past the cache, each in its object's turn. Each method answers
/// `WOULD_WAIT` where something is in the way, and then has done nothing.
final class Bypass {
  private final CacheState state;
  private final Pusher pusher;
  private final ObjectStore backend;
  private final Clock clock;

  Bypass(CacheState state, Pusher pusher, ObjectStore backend, Clock clock) {
    this.state = state;
    this.pusher = pusher;
    this.backend = backend;
    this.clock = clock;
  }

  /// Writes where the backend lacks nothing of the object: a direct write leaves nothing dirty
  /// behind (I9). What is here of the blocks is dropped.
  Outcome write(ObjectId id, List<Extent> extents, Change change) throws IOException {
    return write(id, extents, change, false);
  }

  /// Writes where nothing of the blocks is dirty, nor the object still to be created or removed,
  /// and the object's turn comes soon. What is here of the blocks is dropped, but a block that is
  /// written in part and is here is in the way: should the backend fail, the rest of it could not
  /// be had.
  Outcome writeBesideDirty(ObjectId id, List<Extent> extents, Change change) throws IOException {
    return write(id, extents, change, true);
  }

  private Outcome write(ObjectId id, List<Extent> extents, Change change, boolean besideDirty)
      throws IOException {
    CachedObject object = beginWrite(id, extents, besideDirty);
    return object == null
        ? Outcome.WOULD_WAIT
        : change(object, change, c -> backend.write(id, extents, c));
  }

  /// Creates an object of which nothing is here.
  Outcome create(ObjectId id, Base base, List<Extent> extents, Change change) throws IOException {
    CachedObject object = begin(id, false);
    if (object == null) {
      return Outcome.WOULD_WAIT;
    }
    return change(
        object,
        change,
        c -> {
          Outcome outcome = backend.create(id, base, extents, c);
          if (outcome == Outcome.DONE) {
            state.vdi(id).removed.remove(id);
          }
          return outcome;
        });
  }

  /// Removes an object of which nothing is here.
  Outcome remove(ObjectId id, Change change) throws IOException {
    CachedObject object = begin(id, true);
    if (object == null) {
      return Outcome.WOULD_WAIT;
    }
    boolean removed = false;
    try {
      Outcome outcome = change(object, change, c -> backend.remove(id, c));
      removed = outcome == Outcome.DONE || outcome == Outcome.NO_OBJECT;
      return outcome;
    } finally {
      if (!removed) {
        state.vdi(id).removed.remove(id);
      }
    }
  }

  private Outcome change(CachedObject object, Change change, BackendChange body)
      throws IOException {
    try {
      return body.apply(pusher.change(object.id, change.durability()));
    } finally {
      end(object);
    }
  }

  private @Nullable CachedObject beginWrite(
      ObjectId id, List<Extent> extents, boolean besideDirty) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      if (!besideDirty) {
        pusher.awaitTurn(stripe, id);
      } else if (!awaitTurnBriefly(stripe, id)) {
        return null;
      }
      CachedObject object = state.object(stripe, id);
      BitSet blocks = new BitSet();
      for (int i = 0; i < extents.size(); i++) {
        Extent extent = extents.get(i);
        blocks.set(extent.offset() / BLOCK_SIZE, Math.ceilDiv(extent.end(), BLOCK_SIZE));
      }
      boolean free =
          besideDirty
              ? object.state == CachedObject.State.PRESENT
                  && !isAnyDirty(stripe, id, blocks)
                  && !isEdgeHere(stripe, id, extents)
              : !object.differs();
      if (!free) {
        stripe.forgetIdle(object);
        return null;
      }
      drop(stripe, object, blocks);
      begin(object, blocks);
      return object;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Waits for the object's turn, but not for a push that hangs.
  private boolean awaitTurnBriefly(Stripe stripe, ObjectId id) {
    long until = clock.nanos() + WriteAround.SILENCE.toNanos();
    CachedObject object = stripe.object(id);
    while (object != null && object.turnTaken) {
      Duration left = Duration.ofNanos(until - clock.nanos());
      if (!left.isPositive()) {
        return false;
      }
      stripe.changed.await(left);
      object = stripe.object(id);
    }
    return true;
  }

  /// Whether a block is here that one of the extents covers in part.
  private boolean isEdgeHere(Stripe stripe, ObjectId id, List<Extent> extents) {
    boolean here = false;
    for (int i = 0; i < extents.size() && !here; i++) {
      Extent extent = extents.get(i);
      here =
          isPartHere(stripe, id, extent.offset())
              || (extent.end() < id.size() && isPartHere(stripe, id, extent.end()));
    }
    return here;
  }

  private boolean isPartHere(Stripe stripe, ObjectId id, int edge) {
    int at = edge - edge % BLOCK_SIZE;
    return at != edge && state.absentUntil(stripe, id, at, at + BLOCK_SIZE) == at;
  }

  private boolean isAnyDirty(Stripe stripe, ObjectId id, BitSet blocks) {
    boolean dirty = false;
    for (int at = blocks.nextSetBit(0); at >= 0 && !dirty; at = nextChunk(blocks, at)) {
      int chunk = stripe.find(id, at / BLOCKS_PER_CHUNK);
      dirty = chunk >= 0 && (BlockMask.dirty(state.table.masks(chunk)) & inChunk(blocks, at)) != 0;
    }
    return dirty;
  }

  /// Drops what is here of these blocks, which are clean.
  private void drop(Stripe stripe, CachedObject object, BitSet blocks) {
    for (int at = blocks.nextSetBit(0); at >= 0; at = nextChunk(blocks, at)) {
      int chunk = stripe.find(object.id, at / BLOCKS_PER_CHUNK);
      if (chunk >= 0) {
        int valid = BlockMask.valid(state.table.masks(chunk));
        int dropped = valid & inChunk(blocks, at);
        if (dropped == valid) {
          state.release(stripe, object.id, chunk);
        } else if (dropped != 0) {
          state.dropped(object, chunk, dropped);
        }
      }
    }
  }

  /// The first of the blocks behind the chunk of this one; -1 for none.
  private static int nextChunk(BitSet blocks, int at) {
    return blocks.nextSetBit((at / BLOCKS_PER_CHUNK + 1) * BLOCKS_PER_CHUNK);
  }

  /// Which of the chunk of this block are among the blocks.
  private static int inChunk(BitSet blocks, int at) {
    int first = at / BLOCKS_PER_CHUNK * BLOCKS_PER_CHUNK;
    int among = 0;
    for (int b = 0; b < BLOCKS_PER_CHUNK; b++) {
      among |= blocks.get(first + b) ? 1 << b : 0;
    }
    return among;
  }

  /// Takes the object's turn; null where something of it is here.
  ///
  /// @param removal whether no write may come any more
  private @Nullable CachedObject begin(ObjectId id, boolean removal) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      pusher.awaitTurn(stripe, id);
      CachedObject object = state.object(stripe, id);
      if (object.differs() || state.hasChunks(stripe, id)) {
        stripe.forgetIdle(object);
        return null;
      }
      BitSet blocks = new BitSet();
      blocks.set(0, CacheState.chunks(id) * BLOCKS_PER_CHUNK);
      begin(object, blocks);
      if (removal) {
        object.vdi.removed.add(id);
      }
      return object;
    } finally {
      stripe.mutex.unlock();
    }
  }

  private static void begin(CachedObject object, BitSet blocks) {
    object.turnTaken = true;
    object.bypassed = blocks;
    object.spoilBypassed();
  }

  private void end(CachedObject object) {
    Stripe stripe = state.stripe(object.id);
    stripe.mutex.lock();
    try {
      object.spoilBypassed();
      object.bypassed = null;
      pusher.endTurn(stripe, object);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// A change of the backend with the order that the cache gave it.
  @FunctionalInterface
  private interface BackendChange {
    Outcome apply(Change change) throws IOException;
  }
}
