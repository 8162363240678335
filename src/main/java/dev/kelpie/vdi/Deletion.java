package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import java.io.IOException;
import java.util.Optional;

/// Deletes a VDI or a snapshot: its record says so, and the [Sweeper] frees its space. The caller
/// has the name's lock.
final class Deletion {
  private final Log log;
  private final VdiTable table;
  private final ClientLocks clientLocks;
  private final Inodes inodes;
  private final LeaseBook leases;
  private final CacheSettingsRecords settings;
  private final SweeperTask sweeper;
  private final Locks.Mutex making;

  Deletion(
      Log log,
      VdiTable table,
      ClientLocks clientLocks,
      Inodes inodes,
      LeaseBook leases,
      CacheSettingsRecords settings,
      SweeperTask sweeper,
      Locks.Mutex making) {
    this.log = log;
    this.table = table;
    this.clientLocks = clientLocks;
    this.inodes = inodes;
    this.leases = leases;
    this.settings = settings;
    this.sweeper = sweeper;
    this.making = making;
  }

  /// Deletes it.
  ///
  /// @param found what is answered then
  /// @param seen what [VdiTable#look] has answered before it was found
  VdiAnswer of(VdiId vdi, VdiAnswer found, long seen) throws IOException {
    Lease lease = leases.pin(vdi);
    try {
      return deleteHere(vdi, found, seen);
    } finally {
      lease.unpin();
    }
  }

  private VdiAnswer deleteHere(VdiId vdi, VdiAnswer found, long seen) throws IOException {
    Optional<Inode> inode = usableInode(vdi);
    if (inode.isPresent() && inodes.isAttached(inode.get())) {
      inodes.release(inode.get());
      return new Refused(Reason.VDI_LOCKED);
    }
    inode.ifPresent(i -> i.gate().enterAlone());
    try {
      VdiRecord before = commitDeleted(vdi, inode, seen);
      if (before.isWorking()) {
        settings.deleted(before);
      }
      return found;
    } finally {
      inode.ifPresent(i -> i.gate().leaveAlone());
      inode.ifPresent(inodes::release);
    }
  }

  /// @return what the record was
  private VdiRecord commitDeleted(VdiId vdi, Optional<Inode> inode, long seen) throws IOException {
    making.lock();
    try {
      VdiRecord before = table.living(vdi);
      VdiRecord deleted = before.deleted();
      table.commit(new Draft(seen).put(deleted).underLease(vdi).and(clientLocks.ended(vdi)));
      inode.ifPresent(i -> i.standing(Inode.Standing.DELETED));
      sweeper.deleted(deleted.family());
      return before;
    } catch (Coordination.InDoubt e) {
      inode.ifPresent(i -> i.standing(Inode.Standing.IN_DOUBT));
      throw e;
    } finally {
      making.unlock();
    }
  }

  /// The inode of a VDI that is to be deleted; empty where it is damaged, which must not keep it
  /// from being deleted.
  private Optional<Inode> usableInode(VdiId vdi) {
    try {
      return Optional.of(inodes.acquire(vdi));
    } catch (IOException e) {
      log.warn("VDI " + vdi + " is deleted, though its inode cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }
}
