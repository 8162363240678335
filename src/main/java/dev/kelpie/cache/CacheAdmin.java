package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Extent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/// What goes through the whole cache: counts for operators, and dropping what a VDI has in it.
final class CacheAdmin {
  private final CacheState state;
  private final Pusher pusher;
  private final Flusher flusher;

  CacheAdmin(CacheState state, Pusher pusher, Flusher flusher) {
    this.state = state;
    this.pusher = pusher;
    this.flusher = flusher;
  }

  /// How many objects of each VDI have something cached.
  Map<VdiId, Integer> objects() {
    Map<VdiId, Set<Long>> objects = new HashMap<>();
    for (int chunk = 0; chunk < state.space.allocated(); chunk++) {
      long owner = state.table.owner(chunk);
      if (owner != 0) {
        ObjectId id = new ObjectId(owner);
        objects.computeIfAbsent(id.vdi(), _ -> new HashSet<>()).add(owner);
      }
    }
    Map<VdiId, Integer> counts = new HashMap<>();
    objects.forEach((vdi, oids) -> counts.put(vdi, oids.size()));
    return counts;
  }

  /// The counts of all VDIs.
  List<CacheControl.VdiUsage> vdis() {
    List<CacheControl.VdiUsage> vdis = new ArrayList<>();
    for (VdiCache vdi : state.vdis()) {
      CacheControl.VdiUsage usage = usage(vdi);
      if (usage.holdsAnything() || !usage.counters().equals(CacheControl.Counters.ZERO)) {
        vdis.add(usage);
      }
    }
    vdis.sort((a, b) -> a.vdi().compareTo(b.vdi()));
    return vdis;
  }

  private CacheControl.VdiUsage usage(VdiCache vdi) {
    OptionalLong since = vdi.differsSince();
    return new CacheControl.VdiUsage(
        vdi.id,
        vdi.differingCount(),
        (long) vdi.chunks.get() * CHUNK_SIZE,
        vdi.validBlocks.get() * BLOCK_SIZE,
        vdi.dirtyBlocks.get() * BLOCK_SIZE,
        since.isPresent() ? Optional.of(state.age(since.getAsLong())) : Optional.empty(),
        vdi.counters.read());
  }

  /// Pushes, then drops a VDI's chunks.
  ///
  /// @param force drop what cannot be pushed
  /// @return the dirty bytes that were dropped
  long drop(VdiId vdi, boolean force) throws IOException {
    try {
      flusher.flush(vdi);
    } catch (IOException e) {
      if (!force) {
        throw e;
      }
    }
    long dropped = releaseChunks(owner -> owner.vdi().equals(vdi), force);
    if (force) {
      for (ObjectId id : state.vdi(vdi).differing()) {
        forget(id, true);
      }
    }
    return dropped;
  }

  /// Forgets a VDI that nobody uses any more, pushed or not; waits for a push under way. Its
  /// removals stay: who frees its space may have begun.
  void discard(VdiId vdi) {
    releaseChunks(owner -> owner.vdi().equals(vdi), true);
    state.vdi(vdi).differing().forEach(id -> forget(id, false));
  }

  /// Pushes everything of a VDI and keeps nothing of it. Its lease is not current any more, so that
  /// pulls that end later keep nothing either; who has found it current is through when each
  /// stripe's lock was had once.
  ///
  /// @return true
  /// @throws IOException where something was not pushed; it is here still
  boolean letGo(VdiId vdi) throws IOException {
    flusher.flush(vdi);
    if (state.vdi(vdi).differingCount() > 0) {
      throw new IOException("VDI " + vdi + " was written to while it was given up");
    }
    state.passStripes();
    discard(vdi);
    return true;
  }

  /// Forgets everything, pushed or not. No request is under way.
  void clear() {
    releaseChunks(_ -> true, true);
    for (VdiCache vdi : state.vdis()) {
      vdi.differing().forEach(id -> forget(id, true));
      vdi.removed.clear();
      vdi.marked = false;
    }
  }

  /// Drops the clean blocks of these ranges, after a direct write.
  void forgetClean(ObjectId id, List<Extent> extents) {
    for (Extent extent : extents) {
      for (int at = extent.offset(); at < extent.end(); at += CHUNK_SIZE - at % CHUNK_SIZE) {
        forgetClean(id, at / CHUNK_SIZE);
      }
    }
  }

  /// Drops all clean blocks of an object.
  void forgetClean(ObjectId id) {
    for (int number = 0; number < CacheState.chunks(id); number++) {
      forgetClean(id, number);
    }
  }

  private void forgetClean(ObjectId id, int number) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int chunk = stripe.find(id, number);
      if (chunk >= 0 && BlockMask.dirty(state.table.masks(chunk)) == 0) {
        state.release(stripe, id, chunk);
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Empties the chunks from `first` on, which are clean.
  void releaseFrom(int first) {
    for (int chunk = first; chunk < state.space.allocated(); chunk++) {
      long owner = state.table.owner(chunk);
      if (owner != 0) {
        release(new ObjectId(owner), chunk, false);
      }
    }
    state.space.shrink(first);
  }

  private long releaseChunks(Predicate<ObjectId> which, boolean force) {
    long blocks = 0;
    for (int chunk = 0; chunk < state.space.allocated(); chunk++) {
      long owner = state.table.owner(chunk);
      if (owner != 0 && which.test(new ObjectId(owner))) {
        blocks += release(new ObjectId(owner), chunk, force);
      }
    }
    return blocks * BLOCK_SIZE;
  }

  /// Takes a chunk from its object; a dirty one only where forced.
  ///
  /// @return how many dirty blocks went
  private int release(ObjectId id, int chunk, boolean force) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      if (state.table.owner(chunk) != id.value()) {
        return 0;
      }
      int dirty = Integer.bitCount(BlockMask.dirty(state.table.masks(chunk)));
      if (dirty > 0 && !force) {
        return 0;
      }
      CachedObject object = state.object(stripe, id);
      object.changed(state.table.number(chunk), BlockMask.ALL);
      state.release(stripe, id, chunk);
      state.listed(object);
      stripe.forgetIdle(object);
      return dirty;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// @param removals whether a pending removal is forgotten too
  private void forget(ObjectId id, boolean removals) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      pusher.awaitTurn(stripe, id);
      CachedObject object = state.object(stripe, id);
      state.releaseAll(stripe, object);
      boolean kept = object.state == CachedObject.State.GONE && !removals;
      if (object.state != CachedObject.State.PRESENT && !kept) {
        state.settled(object);
      }
      state.listed(object);
      stripe.forgetIdle(object);
    } finally {
      stripe.mutex.unlock();
    }
  }
}
