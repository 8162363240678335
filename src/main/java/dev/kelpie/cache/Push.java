package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One change of the backend's copy of an object: which dirty blocks it carries, and which of them
/// were written again since their bytes were read. The masks are guarded by the lock of the
/// object's [Stripe].
final class Push {
  final CachedObject object;
  final CachedObject.State state;
  final @Nullable ObjectId parent;
  final int stateChanges;

  /// Per chunk of the object, the blocks that were dirty at the start.
  private final short[] wanted;

  /// Per chunk, the blocks whose bytes were read.
  private final short[] copied;

  /// Per chunk, the blocks written again since.
  private final short[] rewritten;

  private final List<Extent> extents = new ArrayList<>();

  Push(CachedObject object, int chunks) {
    this.object = object;
    this.state = object.state;
    this.parent = object.parent;
    this.stateChanges = object.stateChanges;
    this.wanted = new short[chunks];
    this.copied = new short[chunks];
    this.rewritten = new short[chunks];
  }

  void want(int chunkNumber, int blocks) {
    wanted[chunkNumber] = (short) blocks;
  }

  int wanted(int chunkNumber) {
    return wanted[chunkNumber] & BlockMask.ALL;
  }

  void copied(int chunkNumber, int blocks) {
    copied[chunkNumber] = (short) blocks;
  }

  void rewritten(int chunkNumber, int blocks) {
    rewritten[chunkNumber] |= (short) (copied[chunkNumber] & blocks);
  }

  /// The blocks of a chunk that the backend has once the push is answered.
  int pushed(int chunkNumber) {
    return copied[chunkNumber] & ~rewritten[chunkNumber] & BlockMask.ALL;
  }

  int chunks() {
    return wanted.length;
  }

  /// Adds an extent behind the last one.
  void add(int offset, ByteBuffer bytes) {
    extents.add(new Extent(offset, bytes));
  }

  /// The bytes of all extents.
  long bytes() {
    long sum = 0;
    for (Extent extent : extents) {
      sum += extent.length();
    }
    return sum;
  }

  List<Extent> extents() {
    return extents;
  }
}
