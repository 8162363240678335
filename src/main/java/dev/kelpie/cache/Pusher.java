package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.MappedBytes.MappingFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Changes the backend's copies of objects: one change of an object at a time, each with the next
/// push number, so that the store can tell old from new whatever becomes of a request.
///
/// A push has three steps: [#begin] takes the object's turn and copies what is dirty, [#send] gives
/// it to the backend, [#end] cleans what was not written again meanwhile. What a failed push
/// carried stays dirty and goes with the next number.
final class Pusher {
  private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

  private final CacheState state;
  private final ObjectStore backend;
  private final Leases leases;
  private final Buffers buffers;
  private final PushCopier copier;

  /// Numbers start again with each generation, and each start of the cache brings a new generation.
  private final AtomicLong lastNumber = new AtomicLong();

  Pusher(CacheState state, ObjectStore backend, Leases leases, Buffers buffers, Damage damage) {
    this.state = state;
    this.backend = backend;
    this.leases = leases;
    this.buffers = buffers;
    this.copier = new PushCopier(state, damage);
  }

  /// A begun push and the buffer with its bytes.
  record Begun(Push push, ByteBuffer bytes) {}

  /// Lets pushes go on without what the device does not give any more, which stays dirty: the cache
  /// is turning itself off.
  void skipUnreadable() {
    copier.skipUnreadable();
  }

  /// Pushes what is dirty of an object, and waits for a push under way.
  ///
  /// @param removals whether a pending removal goes out too
  void push(ObjectId id, boolean removals) throws IOException {
    push(id, removals, Durability.DURABLE);
  }

  /// Pushes whatever the backend lacks of an object, a removal too, and waits for a push under way.
  ///
  /// @param ofRemoval what a removal promises
  void pushAll(ObjectId id, Durability ofRemoval) throws IOException {
    push(id, true, ofRemoval);
  }

  /// An object that is created anew meanwhile is pushed again: what the push carried of its earlier
  /// life may be a part, and nothing of the later one.
  private void push(ObjectId id, boolean removals, Durability ofRemoval) throws IOException {
    Begun begun = begin(id, removals);
    while (begun != null) {
      boolean done = false;
      boolean superseded = false;
      try {
        send(begun, ofRemoval);
        done = true;
      } finally {
        superseded = end(begun, done);
      }
      begun = superseded ? begin(id, removals) : null;
    }
  }

  /// Waits for the object's turn and copies what is dirty.
  ///
  /// @return null where there is nothing to push; otherwise the turn is taken until [#end]
  @Nullable Begun begin(ObjectId id, boolean removals) throws CacheFault {
    Stripe stripe = state.stripe(id);
    Push push;
    stripe.mutex.lock();
    try {
      CachedObject object = awaitTurn(stripe, id);
      if (object == null
          || !object.differs()
          || (object.state == CachedObject.State.GONE && !removals)) {
        return null;
      }
      push = new Push(object, CacheState.chunks(id));
      for (int n = object.dirtyChunks.nextSetBit(0);
          n >= 0;
          n = object.dirtyChunks.nextSetBit(n + 1)) {
        push.want(n, copier.dirtyBlocks(stripe, id, n));
      }
      // Last, since a mapping that fails above must not leave the turn taken for ever.
      object.push = push;
      object.turnTaken = true;
    } finally {
      stripe.mutex.unlock();
    }
    ByteBuffer bytes = NO_BYTES;
    boolean copied = false;
    try {
      bytes = buffers.take(Math.max(BLOCK_SIZE, wantedBytes(push)));
      copier.copy(stripe, push, bytes);
      copied = true;
      return new Begun(push, bytes);
    } finally {
      if (!copied) {
        end(new Begun(push, bytes), false);
      }
    }
  }

  /// Gives the copied bytes to the backend.
  ///
  /// @param ofRemoval what a removal promises
  void send(Begun begun, Durability ofRemoval) throws IOException {
    Push push = begun.push;
    ObjectId id = push.object.id;
    ObjectId parent = push.parent;
    if (parent != null) {
      push(parent, false);
    }
    boolean removal = push.state == CachedObject.State.GONE;
    Change change = change(id, removal ? ofRemoval : Durability.DEFERRED);
    Outcome outcome =
        switch (push.state) {
          case NEW -> backend.create(id, Base.ZEROS, push.extents(), change);
          case COPY -> backend.create(id, new Base.CopyOf(parentOf(push)), push.extents(), change);
          case PRESENT ->
              push.extents().isEmpty() ? Outcome.DONE : backend.write(id, push.extents(), change);
          case GONE -> backend.remove(id, change);
        };
    boolean missing = outcome == Outcome.NO_OBJECT;
    if (outcome != Outcome.DONE && !(missing && (removal || isSuperseded(push)))) {
      throw refused(id, push.state, outcome);
    }
    if (!missing) {
      push.object.vdi.counters.pushedBytes.add(push.bytes());
    }
  }

  /// Whether the object was created anew or removed since the push began. Then nobody needs what
  /// the push carries, nor keeps the parent of what was a copy.
  private boolean isSuperseded(Push push) {
    Stripe stripe = state.stripe(push.object.id);
    stripe.mutex.lock();
    try {
      return push.stateChanges != push.object.stateChanges;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Ends the turn; where the push was answered, what it carried is clean.
  ///
  /// @return whether the object was created anew or removed since the push began
  boolean end(Begun begun, boolean done) {
    Push push = begun.push;
    CachedObject object = push.object;
    Stripe stripe = state.stripe(object.id);
    stripe.mutex.lock();
    try {
      boolean superseded = push.stateChanges != object.stateChanges;
      if (done) {
        cleanReadable(stripe, push);
        object.vdi.pushed(begun.bytes.position());
      } else {
        object.vdi.counters.pushesFailed.increment();
      }
      return superseded;
    } finally {
      object.push = null;
      endTurn(stripe, object);
      stripe.mutex.unlock();
      buffers.give(begun.bytes);
    }
  }

  private void cleanReadable(Stripe stripe, Push push) {
    try {
      clean(stripe, push);
    } catch (MappingFault | InternalError e) {
      if (!copier.skipsUnreadable()) {
        throw e;
      }
    }
  }

  /// The backend has what the push carried: first the object's state goes, then the dirty bits
  /// (docs/cache-format.md, "Order of stores").
  private void clean(Stripe stripe, Push push) {
    CachedObject object = push.object;
    if (push.stateChanges != object.stateChanges) {
      return; // created anew or removed meanwhile: what the push carried was an earlier life's
    }
    if (push.state == CachedObject.State.GONE) {
      object.vdi.removed.add(object.id);
    }
    if (push.state != CachedObject.State.PRESENT) {
      state.settled(object);
    }
    for (int n = 0; n < push.chunks(); n++) {
      int chunk = push.pushed(n) == 0 ? -1 : stripe.find(object.id, n);
      if (chunk >= 0) {
        state.cleaned(object, chunk, push.pushed(n));
      }
    }
    state.listed(object);
  }

  /// Waits, with the stripe's lock held, until nobody changes the backend's copy.
  ///
  /// @return the object's state in memory then; null where there is none
  @Nullable CachedObject awaitTurn(Stripe stripe, ObjectId id) {
    CachedObject object = stripe.object(id);
    while (object != null && object.turnTaken) {
      stripe.changed.await();
      object = stripe.object(id);
    }
    return object;
  }

  /// Ends a turn, with the stripe's lock held.
  void endTurn(Stripe stripe, CachedObject object) {
    object.turnTaken = false;
    stripe.forgetIdle(object);
    stripe.changed.wakeAll();
  }

  /// The next change of this object, made by who has its turn.
  Change change(ObjectId id, Durability durability) throws IOException {
    return new Change(
        id.vdi(),
        leases.generation(id.vdi()),
        lastNumber.incrementAndGet(),
        CacheMode.DIRECT,
        durability,
        Patience.WAIT);
  }

  private static int wantedBytes(Push push) {
    int blocks = 0;
    for (int n = 0; n < push.chunks(); n++) {
      blocks += Integer.bitCount(push.wanted(n));
    }
    return blocks * BLOCK_SIZE;
  }

  private static ObjectId parentOf(Push push) {
    ObjectId parent = push.parent;
    if (parent == null) {
      throw new IllegalStateException("a copy without a parent: " + push.object.id);
    }
    return parent;
  }

  private static IOException refused(ObjectId id, CachedObject.State state, Outcome outcome) {
    String why =
        switch (outcome) {
          case NO_SPACE -> "the store has no space for it; free some or add a disk";
          case NO_OBJECT ->
              state == CachedObject.State.COPY
                  ? "its parent is not in the store"
                  : "the store does not have it any more";
          case STALE -> "somebody else has taken its VDI over";
          case WOULD_WAIT, DONE -> "the store answered " + outcome;
        };
    return new IOException("object " + id + " cannot be pushed: " + why);
  }
}
