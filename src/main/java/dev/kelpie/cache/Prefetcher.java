package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Brings absent blocks here that nobody waits for, clean, and keeps them whatever the settings
/// say: who calls knows whether they are wanted. What is here already is not read.
final class Prefetcher {
  /// The most that one pull asks for: a reader that needs a block of it waits no longer than for
  /// this much.
  static final int STEP = 256 << 10;

  private final CacheState state;
  private final Puller puller;
  private final Buffers buffers;

  Prefetcher(CacheState state, Puller puller, Buffers buffers) {
    this.state = state;
    this.puller = puller;
    this.buffers = buffers;
  }

  /// What a range needed, in bytes of whole blocks.
  ///
  /// @param pulled from the backend
  /// @param kept of those; less where the cache had no room, or somebody changed them meanwhile
  record Fetched(long pulled, long kept) {
    static final Fetched NOTHING = new Fetched(0, 0);

    Fetched plus(Fetched other) {
      return new Fetched(pulled + other.pulled, kept + other.kept);
    }
  }

  /// Brings the absent blocks of a range, rounded outward to blocks. An object that is not there,
  /// or is to be removed, has none; those of a copy are its parent's. Ends where a step kept
  /// nothing: there is no room, and the next one would only evict what came before it.
  Fetched fetch(ObjectId id, int offset, int length, Access access) throws IOException {
    Fetched all = Fetched.NOTHING;
    int end = Math.min(id.size(), Math.ceilDiv(offset + length, BLOCK_SIZE) * BLOCK_SIZE);
    int at = offset / BLOCK_SIZE * BLOCK_SIZE;
    while (at < end) {
      Run run = next(id, at, end);
      if (run.start == run.end) {
        return all;
      }
      int size = run.end - run.start;
      Fetched step =
          run.parent == null
              ? pull(id, run.start, size, access)
              : fetch(run.parent, run.start, size, access);
      if (step == null || (step.pulled > 0 && step.kept == 0)) {
        return step == null ? all : all.plus(step);
      }
      all = all.plus(step);
      // Where nothing was pulled, somebody else brought it or changed the object: look again.
      at = run.start + (run.parent == null ? (int) step.pulled : size);
    }
    return all;
  }

  /// Absent blocks; of the parent where it is a copy's.
  private record Run(int start, int end, @Nullable ObjectId parent) {}

  /// The next run of absent blocks, at most a step; an empty one where there are no more.
  private Run next(ObjectId id, int at, int end) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      CachedObject.State kind = object == null ? CachedObject.State.PRESENT : object.state;
      if (kind == CachedObject.State.NEW || kind == CachedObject.State.GONE) {
        return new Run(end, end, null);
      }
      int start = state.validUntil(stripe, id, at, end);
      if (start == end) {
        return new Run(end, end, null);
      }
      int limit = Math.min(end, start + STEP);
      int stop = state.absentUntil(stripe, id, start, limit);
      return new Run(start, stop, object == null ? null : object.parent);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// @return nothing where the caller is to look again; null where there is no object
  private @Nullable Fetched pull(ObjectId id, int at, int length, Access access)
      throws IOException {
    ByteBuffer bytes = buffers.take(length).limit(length);
    try {
      return switch (puller.pull(id, at, length, bytes, access, true)) {
        case DONE -> kept(id, at, at + bytes.position(), access);
        case LOOK_AGAIN -> Fetched.NOTHING;
        case NO_OBJECT -> null;
      };
    } finally {
      buffers.give(bytes);
    }
  }

  /// What was pulled, and what of it is here.
  private Fetched kept(ObjectId id, int start, int end, Access access) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int kept = 0;
      int at = start;
      while (at < end) {
        int valid = state.validUntil(stripe, id, at, end);
        kept += valid - at;
        at = valid < end ? state.absentUntil(stripe, id, valid, end) : end;
      }
      state.vdi(access.vdi()).counters.readAheadBytes.add(kept);
      return new Fetched(end - start, kept);
    } finally {
      stripe.mutex.unlock();
    }
  }
}
