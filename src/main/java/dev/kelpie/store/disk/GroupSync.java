package dev.kelpie.store.disk;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.function.LongSupplier;

/// One sync for many who wait: whoever comes while none runs carries it out, for everything that
/// was done up to then; who comes meanwhile waits, and then one of them carries out the next.
final class GroupSync {
  private final Locks.Mutex mutex;
  private final Locks.Signal ended;
  private final LongSupplier end;
  private final DiskHealth.Action sync;
  private boolean running;
  private volatile long synced;

  /// @param end the place up to which everything was done; only grows
  /// @param sync makes durable what lies before the place that `end` gave just before
  GroupSync(Locks locks, long synced, LongSupplier end, DiskHealth.Action sync) {
    this.mutex = locks.mutex();
    this.ended = mutex.signal();
    this.synced = synced;
    this.end = end;
    this.sync = sync;
  }

  /// The place below which everything is durable.
  long synced() {
    return synced;
  }

  /// Returns when everything before `place` is durable.
  void reach(long place) throws IOException {
    if (synced >= place) {
      return;
    }
    mutex.lock();
    try {
      while (synced < place) {
        if (running) {
          ended.await();
        } else {
          lead();
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  private void lead() throws IOException {
    running = true;
    long target = end.getAsLong();
    boolean done = false;
    mutex.unlock();
    try {
      sync.run();
      done = true;
    } finally {
      mutex.lock();
      running = false;
      if (done) {
        synced = target;
      }
      ended.wakeAll();
    }
  }
}
