package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads absent blocks from the backend, each once however many ask for it, and keeps those that
/// are still absent and that nothing changed since the pull began.
final class Puller {
  private final CacheState state;
  private final ObjectStore backend;
  private final Leases leases;
  private final Reclaimer reclaimer;
  private final Buffers buffers;

  Puller(
      CacheState state, ObjectStore backend, Leases leases, Reclaimer reclaimer, Buffers buffers) {
    this.state = state;
    this.backend = backend;
    this.leases = leases;
    this.reclaimer = reclaimer;
    this.buffers = buffers;
  }

  /// What a pull did.
  enum Result {
    /// The bytes are in the buffer.
    DONE,
    /// Somebody else was pulling; the caller looks again.
    LOOK_AGAIN,
    NO_OBJECT
  }

  /// Pulls `length` bytes from `at` into the buffer, and advances it by as many as came: all, or
  /// those in front of what another pull brings. The range is rounded outward to blocks.
  ///
  /// @param keep whether to keep the blocks
  Result pull(ObjectId id, int at, int length, ByteBuffer into, Access access, boolean keep)
      throws IOException {
    Pull pull = begin(id, at / BLOCK_SIZE, (at + length - 1) / BLOCK_SIZE, keep);
    if (pull == null) {
      return Result.LOOK_AGAIN;
    }
    int start = pull.first * BLOCK_SIZE;
    int end = Math.min((pull.last + 1) * BLOCK_SIZE, id.size());
    int wanted = Math.min(end, at + length) - at;
    boolean exact = start == at && end == at + wanted;
    ByteBuffer bytes =
        exact ? into.slice(into.position(), wanted) : buffers.take(end - start).limit(end - start);
    boolean done = false;
    try {
      Outcome outcome = backend.read(id, start, bytes, access);
      done = outcome == Outcome.DONE;
      if (!done) {
        return outcome == Outcome.NO_OBJECT ? Result.NO_OBJECT : waits(id);
      }
      state.vdi(access.vdi()).counters.pulledBytes.add(end - start);
      bytes.flip();
      if (exact) {
        into.position(into.position() + wanted);
      } else {
        into.put(bytes.slice(at - start, wanted));
      }
      if (keep) {
        reclaimer.prepare(state.vdi(id), state.absentChunks(id, pull.first, pull.last));
      }
      return Result.DONE;
    } finally {
      end(id, pull, access, done && keep, bytes);
      if (!exact) {
        buffers.give(bytes);
      }
    }
  }

  private static Result waits(ObjectId id) throws IOException {
    throw new IOException("the store would not wait for a read of object " + id);
  }

  /// Registers a pull of these blocks, cut where another one brings what follows, or brought it
  /// since the caller looked; null where the caller is to look again, after waiting for another
  /// pull that brings the first block.
  private @Nullable Pull begin(ObjectId id, int first, int last, boolean keep) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = state.object(stripe, id);
      int absentUntil =
          state.absentUntil(stripe, id, first * BLOCK_SIZE, (last + 1) * BLOCK_SIZE) / BLOCK_SIZE;
      if (object.state != CachedObject.State.PRESENT || absentUntil == first) {
        stripe.forgetIdle(object);
        return null; // it changed since the caller looked
      }
      int until = absentUntil;
      for (Pull other : object.pulls) {
        if (other.brings(first)) {
          awaitEnd(stripe, id, other);
          return null;
        }
        until = other.firstBrought(first, until);
      }
      Pull pull = new Pull(first, until - 1, keep);
      object.pulls.add(pull);
      return pull;
    } finally {
      stripe.mutex.unlock();
    }
  }

  private static void awaitEnd(Stripe stripe, ObjectId id, Pull pull) {
    CachedObject object = stripe.object(id);
    while (object != null && object.pulls.contains(pull)) {
      stripe.changed.await();
      object = stripe.object(id);
    }
  }

  /// What was read under a lease that is not current may be old by now.
  private void end(ObjectId id, Pull pull, Access access, boolean keep, ByteBuffer bytes)
      throws CacheFault {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    CachedObject object = state.object(stripe, id);
    try {
      object.spoilBypassed();
      boolean current = keep && leases.isCurrent(access.vdi(), access.generation());
      if (current && object.state == CachedObject.State.PRESENT) {
        install(stripe, id, pull, bytes);
      }
    } finally {
      object.pulls.remove(pull);
      stripe.forgetIdle(object);
      stripe.changed.wakeAll();
      stripe.mutex.unlock();
    }
  }

  /// Keeps the blocks of a pull; where no chunk is free they are not kept.
  private void install(Stripe stripe, ObjectId id, Pull pull, ByteBuffer bytes) throws CacheFault {
    int block = pull.first;
    while (block <= pull.last) {
      int number = block / BLOCKS_PER_CHUNK;
      int until = Math.min(pull.last + 1, (number + 1) * BLOCKS_PER_CHUNK);
      int chunk = stripe.find(id, number);
      if (chunk < 0) {
        chunk = state.claim(stripe, id, number);
      }
      if (chunk < 0) {
        return;
      }
      installRuns(id, chunk, pull, block, until, bytes);
      block = until;
    }
  }

  /// Keeps the runs of blocks of one chunk that are absent and not spoiled.
  private void installRuns(ObjectId id, int chunk, Pull pull, int from, int until, ByteBuffer bytes)
      throws CacheFault {
    int block = from;
    while (block < until) {
      int valid = BlockMask.valid(state.table.masks(chunk));
      int end = block;
      while (end < until && !pull.spoiled(end) && (valid & (1 << end % BLOCKS_PER_CHUNK)) == 0) {
        end++;
      }
      if (end > block) {
        int start = (block - pull.first) * BLOCK_SIZE;
        int stop = Math.min((end - pull.first) * BLOCK_SIZE, bytes.limit());
        state.keep(id, chunk, block % BLOCKS_PER_CHUNK, bytes.slice(start, stop - start));
      }
      block = Math.max(end, block + 1);
    }
  }
}
