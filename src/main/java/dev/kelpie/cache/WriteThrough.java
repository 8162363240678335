package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.util.List;

/// Changes that the backend has when they are answered: past the cache where nothing is in the way
/// ([Bypass]), else a change in the cache and a push at once, through the same queue as every other
/// (I9, I19).
final class WriteThrough {
  private final CacheState state;
  private final Writer writer;
  private final Pusher pusher;
  private final Flusher flusher;
  private final CacheAdmin admin;
  private final ObjectStore backend;
  private final Bypass bypass;

  WriteThrough(
      CacheState state,
      Writer writer,
      Pusher pusher,
      Flusher flusher,
      CacheAdmin admin,
      Bypass bypass,
      ObjectStore backend) {
    this.state = state;
    this.writer = writer;
    this.pusher = pusher;
    this.flusher = flusher;
    this.admin = admin;
    this.backend = backend;
    this.bypass = bypass;
  }

  Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    if (change.mode() == CacheMode.DIRECT && mayBypass(object)) {
      Outcome outcome = bypass.write(object, extents, change);
      if (outcome != Outcome.WOULD_WAIT) {
        return outcome;
      }
    }
    Outcome outcome = writer.write(object, extents, change);
    return outcome == Outcome.DONE ? pushThrough(object, extents, change) : outcome;
  }

  /// Creates an object, or replaces it. What of the old one is here goes to the backend first,
  /// which then has the old one or the whole new one, whenever the process is killed (I4); in the
  /// cache the new one would come to be block by block.
  Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    if (base instanceof Base.CopyOf copy) {
      pusher.push(copy.parent(), false);
    }
    Outcome outcome = bypass.create(object, base, extents, change);
    while (outcome == Outcome.WOULD_WAIT) {
      pusher.pushAll(object, Durability.DEFERRED);
      admin.forgetClean(object);
      outcome = bypass.create(object, base, extents, change);
    }
    return outcome;
  }

  /// Where something of the object is cached, that it is gone stands in the index first: after a
  /// kill behind the backend's answer there must be no dirty blocks of an object that is nowhere.
  Outcome remove(ObjectId object, Change change) throws IOException {
    Outcome outcome = bypass.remove(object, change);
    if (outcome == Outcome.WOULD_WAIT) {
      outcome = writer.remove(object, change);
      pusher.pushAll(object, change.durability());
    }
    return outcome;
  }

  /// Pushes what a change left in the cache. An inode goes out in one way only: after all the data
  /// that it may name (I5).
  private Outcome pushThrough(ObjectId object, List<Extent> extents, Change change)
      throws IOException {
    if (object.kind() == ObjectId.Kind.INODE) {
      flusher.flush(object.vdi());
    } else {
      pusher.push(object, false);
      backend.flush(object.vdi());
    }
    if (change.mode() == CacheMode.DIRECT) {
      admin.forgetClean(object, extents);
    }
    return Outcome.DONE;
  }

  /// Whether a direct write of this object may go past the cache without breaking the order of data
  /// and inode.
  private boolean mayBypass(ObjectId object) throws IOException {
    if (object.kind() == ObjectId.Kind.INODE) {
      if (state.vdi(object).differingCount() > 0) {
        return false;
      }
      backend.flush(object.vdi());
    }
    return true;
  }
}
