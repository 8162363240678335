package dev.kelpie.vdi;

import dev.kelpie.model.VdiName;
import dev.kelpie.platform.Locks;
import java.util.HashSet;
import java.util.Set;

/// One lock for each name: what is decided about the VDIs of a name is decided one after the other.
/// May be held over anything.
final class NameLocks {
  private final Locks.Mutex mutex;
  private final Locks.Signal freed;
  private final Set<VdiName> taken = new HashSet<>();

  NameLocks(Locks locks) {
    this.mutex = locks.mutex();
    this.freed = mutex.signal();
  }

  void lock(VdiName name) {
    mutex.lock();
    try {
      while (!taken.add(name)) {
        freed.await();
      }
    } finally {
      mutex.unlock();
    }
  }

  void unlock(VdiName name) {
    mutex.lock();
    try {
      taken.remove(name);
      freed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }
}
