package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is kept in memory about an object while it differs from the backend or something is under
/// way with it. Guarded by the lock of its [Stripe].
final class CachedObject {
  /// How the object as a whole differs from the backend (docs/cache-format.md, object record).
  enum State {
    /// It does not, but for dirty blocks.
    PRESENT(0),
    /// Whatever lies behind is to be replaced; absent blocks are zeros.
    NEW(1),
    /// The same, but absent blocks are the parent's.
    COPY(2),
    /// To be removed.
    GONE(3);

    private final int code;

    State(int code) {
      this.code = code;
    }

    /// The number in the object record.
    int code() {
      return code;
    }

    /// The state with this number; null for a number that is none.
    static @Nullable State of(int code) {
      return code > 0 && code < values().length ? values()[code] : null;
    }
  }

  final ObjectId id;
  final VdiCache vdi;

  /// The chunks that have dirty blocks.
  final BitSet dirtyChunks = new BitSet();

  /// The pulls under way.
  final List<Pull> pulls = new ArrayList<>(0);

  State state = State.PRESENT;

  /// The parent of a `COPY`.
  @Nullable ObjectId parent;

  /// Where the object record is; -1 for none.
  int record = -1;

  /// Grows whenever the state is set, so that a push knows whether it is still the one that it
  /// carries.
  int stateChanges;

  /// Whether somebody changes the backend's copy now. Changes of one object go one at a time.
  boolean turnTaken;

  /// The blocks, counted from the start of the object, that somebody changes past the cache now, so
  /// that no pull of them may be kept; null for none.
  @Nullable BitSet bypassed;

  /// The push under way.
  @Nullable Push push;

  CachedObject(ObjectId id, VdiCache vdi) {
    this.id = id;
    this.vdi = vdi;
  }

  /// Whether the backend lacks something of it.
  boolean differs() {
    return state != State.PRESENT || !dirtyChunks.isEmpty();
  }

  /// Whether nothing needs to be remembered about it.
  boolean idle() {
    return !differs() && !turnTaken && pulls.isEmpty();
  }

  /// What was pulled of the blocks that are changed past the cache may be older than the change.
  void spoilBypassed() {
    BitSet blocks = bypassed;
    if (blocks != null) {
      for (int i = 0; i < pulls.size(); i++) {
        pulls.get(i).spoil(blocks);
      }
    }
  }

  /// Blocks of a chunk are no longer what a pull or push under way has seen.
  void changed(int chunkNumber, int blocks) {
    for (int i = 0; i < pulls.size(); i++) {
      pulls.get(i).spoil(chunkNumber, blocks);
    }
    if (push != null) {
      push.rewritten(chunkNumber, blocks);
    }
  }
}
