package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.util.BitSet;

/// Which data objects of a VDI this process has removed from the backend and not made again. A
/// write that found its object before, and comes after, is told so; the cache itself would take it,
/// and then have dirty blocks that no store accepts. Such a write does not survive the process, so
/// this need not either.
///
/// A bit for each object: 128 KiB for a disk of 4 TiB. Its lock is taken under a [Stripe]'s and
/// held over nothing that waits.
final class RemovedObjects {
  private final Locks.Mutex mutex;
  private final BitSet indices = new BitSet();

  /// So that VDIs that never lost an object need no lock.
  private volatile boolean any;

  RemovedObjects(Locks locks) {
    this.mutex = locks.mutex();
  }

  void add(ObjectId object) {
    if (isCounted(object)) {
      set(object.index(), true);
    }
  }

  void remove(ObjectId object) {
    if (any && isCounted(object)) {
      set(object.index(), false);
    }
  }

  boolean has(ObjectId object) {
    if (!any || !isCounted(object)) {
      return false;
    }
    mutex.lock();
    try {
      return indices.get(object.index());
    } finally {
      mutex.unlock();
    }
  }

  void clear() {
    mutex.lock();
    try {
      indices.clear();
      any = false;
    } finally {
      mutex.unlock();
    }
  }

  private void set(int index, boolean removed) {
    mutex.lock();
    try {
      indices.set(index, removed);
      any = true;
    } finally {
      mutex.unlock();
    }
  }

  private static boolean isCounted(ObjectId object) {
    return object.kind() == ObjectId.Kind.DATA && object.index() >= 0;
  }
}
