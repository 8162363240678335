package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes of the backend past the cache, each in its object's turn: possible where nothing of the
/// object is cached and nothing differs. Each method answers `WOULD_WAIT` where something is, and
/// then has done nothing.
final class Bypass {
  private final CacheState state;
  private final Pusher pusher;
  private final ObjectStore backend;

  Bypass(CacheState state, Pusher pusher, ObjectStore backend) {
    this.state = state;
    this.pusher = pusher;
    this.backend = backend;
  }

  Outcome write(ObjectId id, List<Extent> extents, Change change) throws IOException {
    return change(id, false, change, c -> backend.write(id, extents, c));
  }

  Outcome create(ObjectId id, Base base, List<Extent> extents, Change change) throws IOException {
    return change(
        id,
        false,
        change,
        c -> {
          Outcome outcome = backend.create(id, base, extents, c);
          if (outcome == Outcome.DONE) {
            state.vdi(id).removed.remove(id);
          }
          return outcome;
        });
  }

  Outcome remove(ObjectId id, Change change) throws IOException {
    boolean removed = false;
    try {
      Outcome outcome = change(id, true, change, c -> backend.remove(id, c));
      removed = outcome == Outcome.DONE || outcome == Outcome.NO_OBJECT;
      return outcome;
    } finally {
      if (!removed) {
        state.vdi(id).removed.remove(id);
      }
    }
  }

  private Outcome change(ObjectId id, boolean removal, Change change, BackendChange body)
      throws IOException {
    CachedObject object = begin(id, removal);
    if (object == null) {
      return Outcome.WOULD_WAIT;
    }
    try {
      return body.apply(pusher.change(id, change.durability()));
    } finally {
      end(object);
    }
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
      object.turnTaken = true;
      object.bypassed = true;
      spoilPulls(object);
      if (removal) {
        object.vdi.removed.add(id);
      }
      return object;
    } finally {
      stripe.mutex.unlock();
    }
  }

  private void end(CachedObject object) {
    Stripe stripe = state.stripe(object.id);
    stripe.mutex.lock();
    try {
      spoilPulls(object);
      object.bypassed = false;
      pusher.endTurn(stripe, object);
    } finally {
      stripe.mutex.unlock();
    }
  }

  private static void spoilPulls(CachedObject object) {
    for (int number = 0; number < CacheState.chunks(object.id); number++) {
      object.changed(number, BlockMask.ALL);
    }
  }

  /// A change of the backend with the order that the cache gave it.
  @FunctionalInterface
  private interface BackendChange {
    Outcome apply(Change change) throws IOException;
  }
}
