package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Gets leases that other nodes have: a record says that the lease is wanted, its owner sees that
/// and gives the lease up as soon as nobody uses the VDI there ([HandOver]), or says that it is
/// held open. So a lease moves only where somebody wants it, and a node that is alone never writes
/// a record for it.
///
/// The record's value is one byte, [#ASKED] or [#IN_USE]. One that its maker has left, since it
/// died, does no harm: the next who wants the lease uses it.
final class LeaseWish {
  static final byte ASKED = 0;
  static final byte IN_USE = 1;

  /// How much longer than clients are waited for, for the owner to push what is dirty.
  private static final Duration HAND_OVER_LIMIT = Duration.ofSeconds(10);

  /// A call of a watch that went astray must not matter for long.
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private final Locks locks;
  private final Coordination coordination;
  private final LeaseBook leases;
  private final Duration silence;

  /// @param silence how long clients that do not hold a VDI open have to be silent
  LeaseWish(Platform platform, Coordination coordination, LeaseBook leases, Duration silence) {
    this.locks = platform.locks();
    this.coordination = coordination;
    this.leases = leases;
    this.silence = silence;
  }

  Duration silence() {
    return silence;
  }

  /// Pins the lease of a VDI, asking its owner for it where another node has it.
  ///
  /// @throws LeaseElsewhere where that one holds the VDI open, or does not give it up in time
  Lease pin(VdiId vdi) throws IOException {
    try {
      Optional<Lease> lease = tryPin(vdi);
      if (lease.isPresent()) {
        return lease.get();
      }
    } catch (LeaseElsewhere _) {
      // Its owner is asked.
    }
    Change change = new Change();
    try (Watch _ = coordination.watch(Keys.lease(vdi), change::happened);
        Watch _ = coordination.watch(Keys.wanted(vdi), change::happened)) {
      return awaitPin(vdi, change);
    } finally {
      withdraw(vdi);
    }
  }

  private Lease awaitPin(VdiId vdi, Change change) throws IOException {
    long looks = silence.plus(HAND_OVER_LIMIT).dividedBy(LOOK_AGAIN);
    for (boolean asked = false; ; looks--) {
      try {
        Optional<Lease> lease = tryPin(vdi);
        if (lease.isPresent()) {
          return lease.get();
        }
      } catch (LeaseElsewhere e) {
        Optional<Stored> wish = coordination.read(Keys.wanted(vdi));
        boolean inUse = wish.isPresent() && wish.get().value()[0] == IN_USE;
        if (looks <= 0 || (inUse && asked)) {
          throw e;
        }
        if (wish.isEmpty() || inUse) {
          write(vdi, wish, ASKED);
          asked = true;
        }
      }
      if (looks <= 0) {
        throw new IOException("VDI " + vdi + " is just being handed over; try again");
      }
      change.await();
    }
  }

  /// Empty where this node is just handing it over, or drops what it had cached before.
  private Optional<Lease> tryPin(VdiId vdi) throws IOException {
    return leases.lost().contains(vdi)
        ? Optional.empty()
        : Optional.of(leases.holding(vdi)).filter(Lease::pin);
  }

  /// Says something about a wish; nothing happens where it has changed meanwhile.
  void write(VdiId vdi, Optional<Stored> wish, byte what) throws IOException {
    long version = wish.map(Stored::version).orElse(0L);
    coordination.commit(
        List.of(new Put(Keys.wanted(vdi), Optional.of(new byte[] {what}), version)));
  }

  private void withdraw(VdiId vdi) {
    try {
      Optional<Stored> wish = coordination.read(Keys.wanted(vdi));
      if (wish.isPresent()) {
        long version = wish.get().version();
        coordination.commit(List.of(new Put(Keys.wanted(vdi), Optional.empty(), version)));
      }
    } catch (IOException _) {
      // What is left does no harm.
    }
  }

  /// Wakes who waits for a record to change.
  private final class Change {
    private final Locks.Mutex mutex = locks.mutex();
    private final Locks.Signal signal = mutex.signal();
    private boolean happened;

    void happened() {
      mutex.lock();
      try {
        happened = true;
        signal.wakeAll();
      } finally {
        mutex.unlock();
      }
    }

    void await() {
      mutex.lock();
      try {
        if (!happened) {
          signal.await(LOOK_AGAIN);
        }
        happened = false;
      } finally {
        mutex.unlock();
      }
    }
  }
}
