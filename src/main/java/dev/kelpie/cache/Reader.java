package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reads: valid blocks from the slab, absent ones from where the object's state says. Goes through
/// a range run by run; a run is of valid blocks in one chunk, or in several that lie side by side
/// in the slab, or of absent ones.
final class Reader {
  private static final byte[] ZEROS = new byte[BLOCK_SIZE];

  /// So much is read at once while the stripe is locked.
  private static final int AT_ONCE = 1 << 20;

  private final CacheState state;
  private final Puller puller;
  private final Damage damage;
  private final Buffers buffers;
  private final ReadAhead readAhead;
  private final boolean keepPulled;

  Reader(
      CacheState state,
      Puller puller,
      Damage damage,
      Buffers buffers,
      ReadAhead readAhead,
      boolean keepPulled) {
    this.state = state;
    this.puller = puller;
    this.damage = damage;
    this.buffers = buffers;
    this.readAhead = readAhead;
    this.keepPulled = keepPulled;
  }

  Outcome read(ObjectId id, int offset, ByteBuffer into, Access access) throws IOException {
    int length = into.remaining();
    Served served = read(id, offset, into, access, keeps(access));
    if (access.generation().equals(Generation.NONE)) {
      return served.outcome; // somebody who looks without a lease is no client
    }
    VdiCache vdi = state.vdi(access.vdi());
    switch (served) {
      case HERE -> vdi.counters.hits.increment();
      case FETCHED -> vdi.counters.misses.increment();
      case NO_OBJECT, WOULD_WAIT -> {}
    }
    if (keeps(access) && served != Served.NO_OBJECT) {
      readAhead.seen(vdi, id, offset, length, access, served != Served.HERE);
    }
    return served.outcome;
  }

  private boolean keeps(Access access) {
    return keepPulled && access.mode() != CacheMode.DIRECT;
  }

  /// How a read was served.
  private enum Served {
    /// Without the backend.
    HERE(Outcome.DONE),
    /// Something came from the backend.
    FETCHED(Outcome.DONE),
    NO_OBJECT(Outcome.NO_OBJECT),
    WOULD_WAIT(Outcome.WOULD_WAIT);

    private final Outcome outcome;

    Served(Outcome outcome) {
      this.outcome = outcome;
    }
  }

  private Served read(ObjectId id, int offset, ByteBuffer into, Access access, boolean keep)
      throws IOException {
    int start = into.position();
    int end = offset + into.remaining();
    int at = offset;
    Served served = Served.HERE;
    while (at < end) {
      long run = nextRun(id, at, end, into);
      int length = (int) run;
      switch (Run.of(run)) {
        case SERVED, LOOK_AGAIN -> at += length;
        case ZEROS -> {
          zeros(into, length);
          at += length;
        }
        case GONE -> {
          into.position(start);
          return Served.NO_OBJECT;
        }
        case ABSENT -> {
          if (access.patience() == Patience.NOW) {
            into.position(start);
            return Served.WOULD_WAIT;
          }
          switch (absent(id, at, length, into, access, keep)) {
            case HERE -> {}
            case FETCHED -> served = Served.FETCHED;
            case NO_OBJECT -> {
              into.position(start);
              return Served.NO_OBJECT;
            }
            case WOULD_WAIT -> {} // look again
          }
          at = offset + (into.position() - start);
        }
      }
    }
    return served;
  }

  /// What comes next in a range; packed with the run's length in bytes into a `long`, so that a hit
  /// allocates nothing.
  private enum Run {
    /// Valid blocks, read into the buffer.
    SERVED(0),
    /// Absent blocks of a new object.
    ZEROS(1),
    /// Absent blocks that must be fetched.
    ABSENT(2),
    /// The object is to be removed.
    GONE(3),
    /// Something was put right; nothing was read.
    LOOK_AGAIN(4);

    private static final Run[] BY_CODE = values();

    private final long code;

    Run(int code) {
      this.code = code;
    }

    long with(int length) {
      return (code << 32) | length;
    }

    static Run of(long packed) {
      return BY_CODE[(int) (packed >>> 32)];
    }
  }

  private long nextRun(ObjectId id, int at, int end, ByteBuffer into) throws IOException {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      if (object != null && object.state == CachedObject.State.GONE) {
        return Run.GONE.with(0);
      }
      int number = at / CHUNK_SIZE;
      int chunk = stripe.find(id, number);
      int first = at % CHUNK_SIZE / BLOCK_SIZE;
      int valid = chunk < 0 ? 0 : BlockMask.valid(state.table.masks(chunk));
      if ((valid & (1 << first)) == 0) {
        int length = state.absentUntil(stripe, id, at, end) - at;
        boolean isNew = object != null && object.state == CachedObject.State.NEW;
        return (isNew ? Run.ZEROS : Run.ABSENT).with(length);
      }
      int run = Integer.numberOfTrailingZeros(~(valid >>> first));
      int stop = Math.min(end, number * CHUNK_SIZE + (first + run) * BLOCK_SIZE);
      if (at % BLOCK_SIZE == 0) {
        stop = beside(stripe, id, chunk, stop, Math.min(end, at + AT_ONCE));
      }
      int damaged = serve(id, chunk, at, stop, into);
      if (damaged < 0) {
        asked(chunk, at, stop);
        return Run.SERVED.with(stop - at);
      }
      dropDamaged(stripe, id, chunk + damaged / BLOCKS_PER_CHUNK, damaged % BLOCKS_PER_CHUNK);
      return Run.LOOK_AGAIN.with(0);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// How far valid whole blocks go on in the chunks that lie behind this one and are the object's
  /// next ones.
  private int beside(Stripe stripe, ObjectId id, int chunk, int stop, int end) {
    int most = end - end % BLOCK_SIZE;
    int until = stop;
    for (int next = chunk + 1; until % CHUNK_SIZE == 0 && until < most; next++) {
      if (stripe.find(id, until / CHUNK_SIZE) != next) {
        return until;
      }
      int run = Integer.numberOfTrailingZeros(~BlockMask.valid(state.table.masks(next)));
      if (run == 0) {
        return until;
      }
      until = Math.min(most, until + run * BLOCK_SIZE);
    }
    return until;
  }

  /// Notes that a client asked for a range that begins in this chunk and goes on in those behind.
  private void asked(int chunk, int from, int end) {
    int of = chunk;
    for (int at = from; at < end; at += CHUNK_SIZE - at % CHUNK_SIZE) {
      int last = Math.min(end - 1, at - at % CHUNK_SIZE + CHUNK_SIZE - 1);
      int first = at % CHUNK_SIZE / BLOCK_SIZE;
      state.space.asked(of++, BlockMask.range(first, last % CHUNK_SIZE / BLOCK_SIZE));
    }
  }

  /// Reads valid blocks of a chunk and those behind it; of this one only, and through a buffer of
  /// whole blocks, where the range is not of whole blocks.
  ///
  /// @return the first damaged block; -1 where all are whole
  private int serve(ObjectId id, int chunk, int at, int stop, ByteBuffer into) throws CacheFault {
    int base = at - at % CHUNK_SIZE;
    int first = at % CHUNK_SIZE / BLOCK_SIZE;
    int limit = into.limit();
    int position = into.position();
    if (at % BLOCK_SIZE == 0 && (stop % BLOCK_SIZE == 0 || stop == id.size())) {
      into.limit(position + (stop - at));
      int damaged = state.slab.read(chunk, first, into);
      into.limit(limit);
      if (damaged >= 0) {
        into.position(position);
      }
      return damaged;
    }
    int from = base + first * BLOCK_SIZE;
    int until = Math.min(id.size(), (stop + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE);
    ByteBuffer blocks = buffers.take(CHUNK_SIZE);
    try {
      blocks.limit(until - from);
      int damaged = state.slab.read(chunk, first, blocks);
      if (damaged < 0) {
        into.put(position, blocks, at - from, stop - at);
        into.position(position + (stop - at));
      }
      return damaged;
    } finally {
      buffers.give(blocks);
    }
  }

  /// A block does not match its checksum: a clean one is fetched again, a dirty one is lost.
  private void dropDamaged(Stripe stripe, ObjectId id, int chunk, int block) throws IOException {
    int number = state.table.number(chunk);
    CachedObject object = state.object(stripe, id);
    boolean dirty = damage.drop(object, chunk, block);
    stripe.forgetIdle(object);
    if (dirty) {
      throw new ObjectDamaged(
          id, number * CHUNK_SIZE + block * BLOCK_SIZE, "a dirty block of the object cache");
    }
  }

  /// Fetches absent blocks, all or the first of them: from the parent of a copy, else from the
  /// backend. Advances the buffer by what came.
  ///
  /// @return how, or `WOULD_WAIT` where the caller is to look again
  private Served absent(
      ObjectId id, int at, int length, ByteBuffer into, Access access, boolean keep)
      throws IOException {
    ObjectId parent = state.parentOf(id);
    if (parent != null) {
      ByteBuffer part = into.slice(into.position(), length);
      Served served = parents(id, parent, at, part, access);
      if (served.outcome == Outcome.DONE) {
        into.position(into.position() + length);
      }
      return served;
    }
    int start = into.position();
    state.clientPulls.incrementAndGet();
    try {
      return switch (puller.pull(id, at, length, into, access, keep)) {
        case DONE -> {
          if (keep) {
            asked(id, at, at + into.position() - start);
          }
          yield Served.FETCHED;
        }
        case NO_OBJECT -> Served.NO_OBJECT;
        case LOOK_AGAIN -> Served.WOULD_WAIT;
      };
    } finally {
      state.clientPulls.decrementAndGet();
    }
  }

  /// Notes that a client asked for what was pulled and is kept.
  private void asked(ObjectId id, int from, int end) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      for (int at = from; at < end; at += CHUNK_SIZE - at % CHUNK_SIZE) {
        int chunk = stripe.find(id, at / CHUNK_SIZE);
        if (chunk >= 0) {
          int last = Math.min(end - 1, at / CHUNK_SIZE * CHUNK_SIZE + CHUNK_SIZE - 1);
          int first = at % CHUNK_SIZE / BLOCK_SIZE;
          state.space.asked(chunk, BlockMask.range(first, last % CHUNK_SIZE / BLOCK_SIZE));
        }
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Reads from a copy's parent.
  ///
  /// @return false where the caller is to look again: the object is no copy of that parent any
  ///   more. Once it was pushed nobody keeps the parent, which may be gone with its snapshot
  /// @throws IOException where the parent of what is still a copy is missing
  boolean readParent(ObjectId id, ObjectId parent, int at, ByteBuffer into, Access access)
      throws IOException {
    return parents(id, parent, at, into, access).outcome == Outcome.DONE;
  }

  private Served parents(ObjectId id, ObjectId parent, int at, ByteBuffer into, Access access)
      throws IOException {
    Served served = read(parent, at, into, access, keeps(access));
    if (served.outcome == Outcome.DONE) {
      return served;
    }
    if (parent.equals(state.parentOf(id))) {
      throw new IOException("object " + parent + ", the parent of " + id + ", is missing");
    }
    return Served.WOULD_WAIT;
  }

  private static void zeros(ByteBuffer into, int length) {
    for (int done = 0; done < length; done += ZEROS.length) {
      into.put(ZEROS, 0, Math.min(ZEROS.length, length - done));
    }
  }
}
