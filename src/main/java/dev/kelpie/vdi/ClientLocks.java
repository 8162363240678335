package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.model.VdiId;
import dev.kelpie.vdi.VdiDirectory.Lock;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The locks that clients of the Sheepdog protocol hold, in a cluster that was formatted to have
/// them (spec/protocol-and-cache.md §1.14): a record for each locked VDI, changed in the order of
/// the directory's commits. A lock belongs to the node that was asked, not to a connection, so that
/// it outlives the loss of one. It stays when that node dies, until somebody releases it (`dog vdi
/// lock unlock`) or the node starts again: its clients are gone then. Of a shared lock only a dead
/// node's part goes when another node joins.
final class ClientLocks {
  /// How often a release is tried again because others changed the lock.
  private static final int TRIES = 64;

  /// The most nodes that share a lock (spec §1.14).
  private static final int NODES_MAX = 31;

  private final Coordination coordination;
  private final VdiTable table;
  private final LeaseBook leases;

  ClientLocks(Coordination coordination, VdiTable table, LeaseBook leases) {
    this.coordination = coordination;
    this.table = table;
    this.leases = leases;
  }

  /// Frees what an earlier life of this node has held.
  void begin() throws IOException {
    for (Stored stored : coordination.list(Keys.LOCK)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      if (LockRecord.decode(vdi, stored.value()).nodes().contains(leases.node())) {
        release(vdi, true);
      }
    }
  }

  /// Takes the lock of a VDI for this node.
  ///
  /// @param seen what [VdiTable#look] has answered before the VDI was found
  /// @return whether it was free
  boolean take(VdiId vdi, Lock lock, long seen) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lock(vdi));
    Optional<LockRecord> next = Optional.of(new LockRecord(lock, List.of(leases.node())));
    if (stored.isPresent()) {
      next = joined(LockRecord.decode(vdi, stored.get().value()), lock);
    }
    if (next.isEmpty()) {
      return false;
    }
    table.commit(new Draft(seen).touch(vdi).and(List.of(put(vdi, stored, next))));
    return true;
  }

  /// The lock with this node in it; empty where it may not join.
  private Optional<LockRecord> joined(LockRecord before, Lock lock) throws IOException {
    boolean may =
        lock == Lock.SHARED
            && before.lock() == Lock.SHARED
            && !before.nodes().contains(leases.node());
    if (!may) {
      return Optional.empty();
    }
    Optional<LockRecord> alive = Optional.of(before);
    for (String node : before.nodes()) {
      if (!leases.mayLive(node)) {
        alive = alive.flatMap(rest -> rest.without(node));
      }
    }
    LockRecord joined =
        alive
            .map(rest -> rest.with(leases.node()))
            .orElseGet(() -> new LockRecord(lock, List.of(leases.node())));
    return Optional.of(joined).filter(record -> record.nodes().size() <= NODES_MAX);
  }

  /// Gives a lock back, whoever has it; of a shared one only this node's part.
  void release(VdiId vdi) throws IOException {
    release(vdi, false);
  }

  /// @param ownOnly whether to leave it where it is another node's alone
  private void release(VdiId vdi, boolean ownOnly) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      Optional<Stored> stored = coordination.read(Keys.lock(vdi));
      if (stored.isEmpty()) {
        return;
      }
      LockRecord before = LockRecord.decode(vdi, stored.get().value());
      boolean part = ownOnly || before.lock() == Lock.SHARED;
      Optional<LockRecord> left = part ? before.without(leases.node()) : Optional.empty();
      if (coordination.commit(List.of(put(vdi, stored, left)))) {
        return;
      }
    }
    throw new IOException("the lock of VDI " + vdi + " keeps changing; try again");
  }

  /// What lets the lock of a VDI go on with the one that continues it.
  List<Put> moved(VdiId from, VdiId to) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lock(from));
    return stored.isEmpty()
        ? List.of()
        : List.of(
            put(from, stored, Optional.empty()),
            new Put(Keys.lock(to), Optional.of(stored.get().value()), 0));
  }

  /// What ends the lock of a VDI that is deleted.
  List<Put> ended(VdiId vdi) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lock(vdi));
    return stored.isEmpty() ? List.of() : List.of(put(vdi, stored, Optional.empty()));
  }

  /// All locks.
  Map<VdiId, LockRecord> all() throws IOException {
    Map<VdiId, LockRecord> all = new HashMap<>();
    for (Stored stored : coordination.list(Keys.LOCK)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      all.put(vdi, LockRecord.decode(vdi, stored.value()));
    }
    return all;
  }

  /// The lock of a VDI; empty where it is not locked.
  Optional<LockRecord> of(VdiId vdi) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lock(vdi));
    return stored.isEmpty()
        ? Optional.empty()
        : Optional.of(LockRecord.decode(vdi, stored.get().value()));
  }

  private static Put put(VdiId vdi, Optional<Stored> before, Optional<LockRecord> next) {
    long version = before.map(Stored::version).orElse(0L);
    return new Put(Keys.lock(vdi), next.map(LockRecord::encode), version);
  }
}
