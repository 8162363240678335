package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.VdiDirectory.Lock;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// The locks that clients of the Sheepdog protocol hold, in a cluster that was formatted to have
/// them (spec/protocol-and-cache.md §1.14). A lock belongs to the node that was asked, not to a
/// connection, so that it outlives the loss of one; on one node that means: whoever comes second is
/// refused, until the lock is released or the node ends.
final class ClientLocks {
  private final Locks.Mutex mutex;
  private final Map<VdiId, Lock> taken = new HashMap<>();

  ClientLocks(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// Takes the lock of a VDI.
  ///
  /// @return whether it was free
  boolean take(VdiId vdi, Lock lock) {
    mutex.lock();
    try {
      return taken.putIfAbsent(vdi, lock) == null;
    } finally {
      mutex.unlock();
    }
  }

  /// Gives it back, whoever has it.
  void release(VdiId vdi) {
    mutex.lock();
    try {
      taken.remove(vdi);
    } finally {
      mutex.unlock();
    }
  }

  /// Lets the lock of a VDI go on with the one that continues it.
  void move(VdiId from, VdiId to) {
    mutex.lock();
    try {
      Lock lock = taken.remove(from);
      if (lock != null) {
        taken.put(to, lock);
      }
    } finally {
      mutex.unlock();
    }
  }

  Lock of(VdiId vdi) {
    mutex.lock();
    try {
      return Objects.requireNonNullElse(taken.get(vdi), Lock.NONE);
    } finally {
      mutex.unlock();
    }
  }

  /// Forgets all of them.
  void clear() {
    mutex.lock();
    try {
      taken.clear();
    } finally {
      mutex.unlock();
    }
  }
}
