package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.MappedBytes.MappingFault;
import java.nio.ByteBuffer;

/// Copies from the slab what a push carries: neighbouring blocks with one read, and what follows
/// each other in the object becomes one extent.
final class PushCopier {
  private final CacheState state;
  private final Damage damage;
  private volatile boolean skipsUnreadable;

  PushCopier(CacheState state, Damage damage) {
    this.state = state;
    this.damage = damage;
  }

  /// Puts up with what the device does not give any more, from now on.
  void skipUnreadable() {
    skipsUnreadable = true;
  }

  boolean skipsUnreadable() {
    return skipsUnreadable;
  }

  /// The dirty blocks of a chunk; none where it is not here. Where the index fails and that is put
  /// up with, the object still comes to be without them, or the inode would name one that is
  /// nowhere (I5).
  int dirtyBlocks(Stripe stripe, ObjectId id, int number) {
    try {
      int chunk = stripe.find(id, number);
      return chunk < 0 ? 0 : BlockMask.dirty(state.table.masks(chunk));
    } catch (MappingFault | InternalError e) {
      if (!skipsUnreadable) {
        throw e;
      }
      return 0;
    }
  }

  /// Copies chunk by chunk, so that the lock is never held for long.
  void copy(Stripe stripe, Push push, ByteBuffer bytes) throws CacheFault {
    Gathered gathered = new Gathered(push, bytes);
    for (int n = 0; n < push.chunks(); n++) {
      if (push.wanted(n) == 0) {
        continue;
      }
      stripe.mutex.lock();
      try {
        if (push.stateChanges == push.object.stateChanges) {
          push.copied(n, copyChunk(stripe, n, gathered));
        }
      } finally {
        stripe.mutex.unlock();
      }
    }
    gathered.endExtent();
  }

  /// @return the blocks that were copied
  private int copyChunk(Stripe stripe, int number, Gathered to) throws CacheFault {
    int copied = 0;
    int rest = to.push.wanted(number) & dirtyBlocks(stripe, to.push.object.id, number);
    while (rest != 0) {
      int run = BlockMask.firstRun(rest);
      copied |= copyRun(stripe, number, run, to);
      rest &= ~run;
    }
    return copied;
  }

  /// Copies a run of blocks, or one by one those of it that can be read.
  private int copyRun(Stripe stripe, int number, int run, Gathered to) throws CacheFault {
    if (read(stripe, number, run, to)) {
      return run;
    }
    int copied = 0;
    for (int rest = Integer.bitCount(run) == 1 ? 0 : run; rest != 0; rest &= rest - 1) {
      copied |= copyRun(stripe, number, Integer.lowestOneBit(rest), to);
    }
    return copied;
  }

  /// A single block that is damaged is lost: it is dropped and the VDI's next barrier says so.
  ///
  /// @return whether all blocks of the run were read
  private boolean read(Stripe stripe, int number, int run, Gathered to) throws CacheFault {
    CachedObject object = to.push.object;
    int first = Integer.numberOfTrailingZeros(run);
    int last = first + Integer.bitCount(run) - 1;
    to.beginAt(number * CHUNK_SIZE + first * BLOCK_SIZE);
    ByteBuffer bytes = to.bytes;
    int start = bytes.position();
    int lastLength = CacheState.blockLength(object.id, number, last);
    bytes.limit(start + (last - first) * BLOCK_SIZE + lastLength);
    boolean whole = false;
    try {
      int chunk = stripe.find(object.id, number);
      whole = state.slab.read(chunk, first, bytes) < 0;
      if (!whole && first == last) {
        damage.drop(object, chunk, first);
      }
    } catch (CacheFault | MappingFault | InternalError e) {
      if (!skipsUnreadable) {
        throw e;
      }
    }
    bytes.limit(bytes.capacity());
    if (!whole) {
      bytes.position(start);
    }
    return whole;
  }

  /// The bytes that were copied, of which the extents of the push are parts.
  private static final class Gathered {
    final Push push;
    final ByteBuffer bytes;
    private int extentOffset;
    private int extentStart;

    Gathered(Push push, ByteBuffer bytes) {
      this.push = push;
      this.bytes = bytes;
    }

    /// What is copied next lies here in the object.
    void beginAt(int offset) {
      if (offset != extentOffset + (bytes.position() - extentStart)) {
        endExtent();
        extentOffset = offset;
        extentStart = bytes.position();
      }
    }

    void endExtent() {
      int length = bytes.position() - extentStart;
      if (length > 0) {
        push.add(extentOffset, bytes.slice(extentStart, length));
      }
    }
  }
}
