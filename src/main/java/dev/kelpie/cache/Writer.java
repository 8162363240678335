package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Leases;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes in the cache: they allocate, write, mark, and never wait for the backend, but for the
/// rest of a block that is written in part and is not here, and where so much is dirty that it is
/// quicker to go past the cache ([WriteAround]).
final class Writer {
  // What became of a piece, where it is not a block that is missing.
  private static final int STORED = -1;
  private static final int NO_OBJECT = -2;
  private static final int OVER_LIMIT = -3;
  private static final int NO_CHUNK = -4;
  private static final int LOOK_AGAIN = -5;

  private final CacheState state;
  private final Reader reader;
  private final Puller puller;
  private final Reclaimer reclaimer;
  private final WriteAround around;
  private final Throttle throttle;
  private final DirtyLimits limits;
  private final Buffers buffers;
  private final Damage damage;
  private final Leases leases;

  Writer(
      CacheState state,
      Reader reader,
      Puller puller,
      Reclaimer reclaimer,
      WriteAround around,
      Throttle throttle,
      DirtyLimits limits,
      Buffers buffers,
      Damage damage,
      Leases leases) {
    this.state = state;
    this.reader = reader;
    this.puller = puller;
    this.reclaimer = reclaimer;
    this.around = around;
    this.throttle = throttle;
    this.limits = limits;
    this.buffers = buffers;
    this.damage = damage;
    this.leases = leases;
  }

  /// Writes the extents into the cache, dirty.
  ///
  /// @return `DONE`, `NO_OBJECT` or `WOULD_WAIT`
  Outcome write(ObjectId id, List<Extent> extents, Change change) throws IOException {
    if (!mark(change)) {
      return Outcome.WOULD_WAIT;
    }
    if (isSlowed(id)) {
      if (change.patience() == Patience.NOW) {
        return Outcome.WOULD_WAIT;
      } else if (around.write(state.vdi(id), id, extents, change)) {
        return Outcome.DONE;
      }
      if (!limits.canWait(state.vdi(id))) {
        limits.awaitTurn(state.vdi(id), bytes(extents), throttle);
      }
    }
    for (int i = 0; i < extents.size(); i++) {
      Outcome outcome = write(id, extents.get(i), change);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
    }
    return Outcome.DONE;
  }

  /// Makes the object new, or a copy of its parent, whatever was there.
  ///
  /// @return `DONE` or `WOULD_WAIT`
  Outcome create(ObjectId id, Base base, List<Extent> extents, Change change) throws IOException {
    if (!mark(change)) {
      return Outcome.WOULD_WAIT;
    }
    Outcome become =
        switch (base) {
          case Base.Zeros _ -> become(id, CachedObject.State.NEW, null, change);
          case Base.CopyOf copy -> become(id, CachedObject.State.COPY, copy.parent(), change);
        };
    return become == Outcome.DONE ? write(id, extents, change) : become;
  }

  /// Drops the object here, and has it removed from the backend with the next flush.
  ///
  /// @return `DONE`, `NO_OBJECT` or `WOULD_WAIT`
  Outcome remove(ObjectId id, Change change) throws IOException {
    return become(id, CachedObject.State.GONE, null, change);
  }

  private Outcome become(
      ObjectId id, CachedObject.State next, @Nullable ObjectId parent, Change change)
      throws IOException {
    Stripe stripe = state.stripe(id);
    while (true) {
      stripe.mutex.lock();
      try {
        CachedObject object = state.object(stripe, id);
        boolean gone = object.state == CachedObject.State.GONE;
        if (gone && next == CachedObject.State.GONE) {
          return Outcome.NO_OBJECT;
        }
        if (mayDiffer(object) && state.become(stripe, object, next, parent)) {
          return Outcome.DONE;
        }
        stripe.forgetIdle(object);
      } finally {
        stripe.mutex.unlock();
      }
      if (change.patience() == Patience.NOW) {
        return Outcome.WOULD_WAIT;
      }
      awaitRoom(change);
    }
  }

  private boolean mayDiffer(CachedObject object) {
    return object.differs() || limits.admit(object.vdi);
  }

  private void awaitRoom(Change change) throws IOException {
    state.vdi(change.vdi()).counters.throttleWaits.increment();
    throttle.awaitRoom();
  }

  /// Makes the mark "may hold unflushed writes" durable where it is not set.
  private boolean mark(Change change) throws IOException {
    VdiCache vdi = state.vdi(change.vdi());
    if (!vdi.marked) {
      if (change.patience() == Patience.NOW) {
        return false;
      }
      leases.markUnflushed(vdi.id);
      vdi.marked = true;
    }
    return true;
  }

  /// Whether writers of this VDI are slowed, since much of it is dirty. Entries of inodes are few,
  /// and others wait for them; they are not slowed.
  private boolean isSlowed(ObjectId id) {
    if (id.kind() != ObjectId.Kind.DATA) {
      return false;
    }
    VdiCache vdi = state.vdi(id);
    if (limits.crowded(vdi) && !vdi.pushWanted.getAndSet(true)) {
      throttle.wake();
    }
    return limits.slows(vdi);
  }

  private static long bytes(List<Extent> extents) {
    long bytes = 0;
    for (int i = 0; i < extents.size(); i++) {
      bytes += extents.get(i).length();
    }
    return bytes;
  }

  private Outcome write(ObjectId id, Extent extent, Change change) throws IOException {
    ByteBuffer bytes = extent.bytes().duplicate();
    int end = extent.end();
    int at = extent.offset();
    while (at < end) {
      int number = at / CHUNK_SIZE;
      int stop = Math.min(end, (number + 1) * CHUNK_SIZE);
      int position = bytes.position();
      bytes.limit(position + (stop - at));
      Outcome outcome = writePiece(id, number, at % CHUNK_SIZE, bytes, change);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
      bytes.limit(extent.bytes().limit()).position(position + (stop - at));
      at = stop;
    }
    return Outcome.DONE;
  }

  /// Writes a piece of one chunk, as soon as there is a chunk for it and the edges can be merged.
  private Outcome writePiece(ObjectId id, int number, int offset, ByteBuffer bytes, Change change)
      throws IOException {
    boolean now = change.patience() == Patience.NOW;
    while (true) {
      int tried = tryPiece(id, number, offset, bytes);
      if (tried == STORED) {
        return Outcome.DONE;
      } else if (tried == NO_OBJECT) {
        return Outcome.NO_OBJECT;
      } else if (now) {
        return Outcome.WOULD_WAIT;
      } else if (tried >= 0) {
        Outcome outcome = fetch(id, number, tried, change);
        if (outcome != Outcome.DONE) {
          return outcome;
        }
      } else if (tried == OVER_LIMIT
          || (tried == NO_CHUNK && reclaimer.reclaim(state.vdi(id), 1) == 0)) {
        awaitRoom(change);
      }
    }
  }

  /// Writes a piece if nothing is in the way.
  ///
  /// @return the first block that is missing at an edge; else one of the constants
  private int tryPiece(ObjectId id, int number, int offset, ByteBuffer bytes) throws CacheFault {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = state.object(stripe, id);
      try {
        if (isAbsent(object)) {
          return NO_OBJECT;
        }
        int last = (offset + bytes.remaining() - 1) / BLOCK_SIZE;
        int blocks = BlockMask.range(offset / BLOCK_SIZE, last);
        int chunk = stripe.find(id, number);
        int dirty = chunk < 0 ? 0 : BlockMask.dirty(state.table.masks(chunk));
        if (!mayDiffer(object)) {
          return OVER_LIMIT;
        }
        if (!limits.admit(object.vdi, dirty == 0, Integer.bitCount(blocks & ~dirty))) {
          return OVER_LIMIT;
        }
        int tried = LOOK_AGAIN;
        try {
          tried = storeAdmitted(stripe, object, chunk, number, offset, bytes);
          return tried;
        } finally {
          if (tried != STORED && dirty == 0) {
            limits.retract(object.vdi);
          }
        }
      } finally {
        stripe.forgetIdle(object);
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  private int storeAdmitted(
      Stripe stripe, CachedObject object, int found, int number, int offset, ByteBuffer bytes)
      throws CacheFault {
    int chunk = found < 0 ? state.claim(stripe, object.id, number) : found;
    if (chunk < 0) {
      return NO_CHUNK;
    }
    int missing = missingEdge(object, chunk, number, offset, bytes.remaining());
    if (missing >= 0) {
      return missing;
    }
    return store(object, chunk, number, offset, bytes) ? STORED : LOOK_AGAIN;
  }

  /// Whether the object is to be removed, or was: who found it before may come late, and would
  /// leave dirty blocks that no store takes.
  private static boolean isAbsent(CachedObject object) {
    return object.state == CachedObject.State.GONE
        || (!object.differs() && object.vdi.removed.has(object.id));
  }

  /// The first block of the range that is written in part, is not here, and is not known to be
  /// zeros; -1 for none.
  private int missingEdge(CachedObject object, int chunk, int number, int offset, int length) {
    if (object.state == CachedObject.State.NEW) {
      return -1;
    }
    int valid = BlockMask.valid(state.table.masks(chunk));
    int first = offset / BLOCK_SIZE;
    int last = (offset + length - 1) / BLOCK_SIZE;
    if (offset % BLOCK_SIZE != 0 && (valid & (1 << first)) == 0) {
      return first;
    }
    int lastEnd = last * BLOCK_SIZE + CacheState.blockLength(object.id, number, last);
    boolean startsInside = first == last && offset % BLOCK_SIZE != 0;
    if ((startsInside || offset + length < lastEnd) && (valid & (1 << last)) == 0) {
      return last;
    }
    return -1;
  }

  /// Brings one block here, clean. The caller looks again, also where it did not come.
  private Outcome fetch(ObjectId id, int number, int block, Change change) throws IOException {
    Access access =
        new Access(change.vdi(), change.generation(), CacheMode.WRITEBACK, Patience.WAIT);
    int at = number * CHUNK_SIZE + block * BLOCK_SIZE;
    int length = CacheState.blockLength(id, number, block);
    ByteBuffer bytes = buffers.take(length).limit(length);
    try {
      ObjectId parent = state.parentOf(id);
      if (parent == null) {
        return switch (puller.pull(id, at, length, bytes, access, true)) {
          case DONE, LOOK_AGAIN -> Outcome.DONE;
          case NO_OBJECT -> Outcome.NO_OBJECT;
        };
      }
      if (reader.readParent(id, parent, at, bytes, access)) {
        keepParents(id, number, block, parent, bytes.flip());
      }
      return Outcome.DONE;
    } finally {
      buffers.give(bytes);
    }
  }

  /// Keeps a block that came from the parent, where it is still absent and still the parent's.
  private void keepParents(ObjectId id, int number, int block, ObjectId parent, ByteBuffer bytes)
      throws CacheFault {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      int chunk = stripe.find(id, number);
      if (object != null
          && parent.equals(object.parent)
          && chunk >= 0
          && (BlockMask.valid(state.table.masks(chunk)) & (1 << block)) == 0) {
        state.keep(id, chunk, block, bytes);
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Writes a piece into its chunk; edges that are not whole blocks are merged with what is there.
  ///
  /// @return false where an edge was found damaged, and dropped
  private boolean store(CachedObject object, int chunk, int number, int offset, ByteBuffer bytes)
      throws CacheFault {
    int end = offset + bytes.remaining();
    int first = offset / BLOCK_SIZE;
    int last = (end - 1) / BLOCK_SIZE;
    int lastEnd = last * BLOCK_SIZE + CacheState.blockLength(object.id, number, last);
    if (offset % BLOCK_SIZE == 0 && end == lastEnd) {
      storeWhole(object, chunk, number, BlockMask.range(first, last), bytes);
      return true;
    }
    int start = first * BLOCK_SIZE;
    ByteBuffer merged = buffers.take(CHUNK_SIZE).limit(lastEnd - start);
    try {
      boolean headIsPart = offset % BLOCK_SIZE != 0 || (first == last && end != lastEnd);
      if (headIsPart && !edge(object, chunk, number, first, merged.slice())) {
        return false;
      }
      if (last != first && end != lastEnd) {
        int at = last * BLOCK_SIZE - start;
        if (!edge(object, chunk, number, last, merged.slice(at, lastEnd - start - at))) {
          return false;
        }
      }
      merged.put(offset - start, bytes, bytes.position(), bytes.remaining());
      storeWhole(object, chunk, number, BlockMask.range(first, last), merged);
      return true;
    } finally {
      buffers.give(merged);
    }
  }

  /// Writes whole blocks.
  private void storeWhole(CachedObject object, int chunk, int number, int blocks, ByteBuffer bytes)
      throws CacheFault {
    object.changed(number, blocks);
    state.table.masks(chunk, BlockMask.withWriting(state.table.masks(chunk), blocks));
    state.slab.write(chunk, Integer.numberOfTrailingZeros(blocks), bytes);
    state.wrote(object, chunk, blocks);
    state.space.asked(chunk, blocks);
  }

  /// Reads the block at an edge as it is now; one that is absent in a new object is zeros.
  ///
  /// @return false where it was found damaged, and dropped
  private boolean edge(CachedObject object, int chunk, int number, int block, ByteBuffer into)
      throws CacheFault {
    into.limit(CacheState.blockLength(object.id, number, block));
    if ((BlockMask.valid(state.table.masks(chunk)) & (1 << block)) == 0) {
      while (into.hasRemaining()) {
        into.put((byte) 0);
      }
      return true;
    }
    if (state.slab.read(chunk, block, into) < 0) {
      return true;
    }
    damage.drop(object, chunk, block);
    return false;
  }
}
