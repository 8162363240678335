package dev.kelpie.vdi;

import dev.kelpie.platform.Locks;
import java.util.BitSet;

/// Locks on the entries of one object map. Whoever changes an entry, or the existence of the object
/// that it names, holds it; who reads or writes an allocated object does not. May be held over
/// requests to the store. A task takes one range at a time and not the same twice.
final class IndexLocks {
  private final Locks.Mutex mutex;
  private final Locks.Signal freed;
  private final BitSet taken = new BitSet();

  IndexLocks(Locks locks) {
    this.mutex = locks.mutex();
    this.freed = mutex.signal();
  }

  /// Waits until nobody has any entry of the range, and takes all of them.
  void lock(int first, int count) {
    mutex.lock();
    try {
      while (isTaken(first, count)) {
        freed.await();
      }
      taken.set(first, first + count);
    } finally {
      mutex.unlock();
    }
  }

  void unlock(int first, int count) {
    mutex.lock();
    try {
      taken.clear(first, first + count);
      freed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private boolean isTaken(int first, int count) {
    int next = taken.nextSetBit(first);
    return next >= 0 && next < first + count;
  }
}
