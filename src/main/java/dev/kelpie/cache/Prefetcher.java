package dev.kelpie.cache;

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

  /// Brings the absent blocks of a range. An object that is not there, or is to be removed, has
  /// none; those of a copy are its parent's.
  Fetched fetch(ObjectId id, int offset, int length, Access access) throws IOException {
    Fetched all = Fetched.NOTHING;
    int end = offset + length;
    int at = offset - offset % IndexLayout.BLOCK_SIZE;
    while (at < end) {
      Run run = next(id, at, end);
      if (run.parent != null) {
        all = all.plus(fetch(run.parent, run.start, run.end - run.start, access));
      } else if (run.start < run.end) {
        long pulled = pull(id, run.start, run.end - run.start, access);
        if (pulled < 0) {
          return all;
        }
        if (pulled == 0) {
          at = run.start; // somebody else brought it
          continue;
        }
        run = new Run(run.start, run.start + (int) pulled, null);
        all = all.plus(new Fetched(pulled, kept(id, run)));
      }
      at = run.end;
    }
    return all;
  }

  /// Absent blocks; of the parent where it is a copy's.
  private record Run(int start, int end, @Nullable ObjectId parent) {}

  /// The next run of absent blocks, at most a step; an empty one at the end.
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
      int limit = Math.min(end, start + STEP);
      int stop = state.absentUntil(stripe, id, start, limit);
      return new Run(start, stop, object == null ? null : object.parent);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// @return how many bytes came; 0 where the caller is to look again, -1 where there is no object
  private long pull(ObjectId id, int at, int length, Access access) throws IOException {
    ByteBuffer bytes = buffers.take(length).limit(length);
    try {
      return switch (puller.pull(id, at, length, bytes, access, true)) {
        case DONE -> bytes.position();
        case LOOK_AGAIN -> 0;
        case NO_OBJECT -> -1;
      };
    } finally {
      buffers.give(bytes);
    }
  }

  private long kept(ObjectId id, Run run) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int kept = 0;
      int at = run.start;
      while (at < run.end) {
        int valid = state.validUntil(stripe, id, at, run.end);
        kept += valid - at;
        at = valid < run.end ? state.absentUntil(stripe, id, valid, run.end) : run.end;
      }
      return kept;
    } finally {
      stripe.mutex.unlock();
    }
  }
}
