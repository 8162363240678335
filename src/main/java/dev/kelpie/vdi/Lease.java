package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.util.concurrent.atomic.AtomicInteger;

/// A lease that this node has. The lock guards changes of the record; it is read without.
///
/// Whoever works with the VDI pins the lease. It can only be closed, to be handed over, while
/// nobody does, and then nobody can until it is open again.
final class Lease {
  private static final int CLOSED = -1;

  final VdiId vdi;
  final Locks.Mutex mutex;
  volatile LeaseRecord record;

  /// Of the record in the coordination. Guarded by the lock.
  long version;

  /// Whether a barrier was told of the loss in the record.
  volatile boolean told;

  /// How often writes were lost since this node serves the VDI.
  final AtomicInteger losses = new AtomicInteger();

  private final AtomicInteger pins = new AtomicInteger();

  /// When a client used the VDI last without holding it open, in nanoseconds of the clock; none
  /// where it has closed it since.
  private volatile long lastUse;

  private volatile boolean used;

  Lease(VdiId vdi, LeaseRecord record, long version, Locks.Mutex mutex) {
    this.vdi = vdi;
    this.record = record;
    this.version = version;
    this.mutex = mutex;
  }

  Generation generation() {
    return record.generation();
  }

  /// Keeps the lease here until [#unpin].
  ///
  /// @return false where it is being handed over
  boolean pin() {
    int now = pins.get();
    while (now != CLOSED) {
      if (pins.compareAndSet(now, now + 1)) {
        return true;
      }
      now = pins.get();
    }
    return false;
  }

  void unpin() {
    pins.decrementAndGet();
  }

  /// Keeps everybody from pinning it.
  ///
  /// @return false where somebody has
  boolean close() {
    return pins.compareAndSet(0, CLOSED);
  }

  /// Lets it be pinned again.
  void reopen() {
    pins.set(0);
  }

  boolean isOpen() {
    return pins.get() != CLOSED;
  }

  /// A client that does not hold the VDI open uses it now.
  void used(long nanos) {
    lastUse = nanos;
    used = true;
  }

  /// Such a client says that it uses it no more.
  void unused() {
    used = false;
  }

  /// For how long such clients have been silent, in nanoseconds; very long where there are none.
  long silence(long nanos) {
    return used ? nanos - lastUse : Long.MAX_VALUE;
  }
}
