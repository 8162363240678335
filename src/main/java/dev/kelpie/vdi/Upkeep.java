package dev.kelpie.vdi;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import java.io.IOException;
import java.util.Optional;

/// Brings inodes in line with the records that were committed before them, at once or after a
/// crash.
final class Upkeep {
  private final Log log;
  private final VdiTable table;
  private final Inodes inodes;
  private final InodeObjects inodeObjects;
  private final LeaseBook leases;

  Upkeep(Log log, VdiTable table, Inodes inodes, InodeObjects inodeObjects, LeaseBook leases) {
    this.log = log;
    this.table = table;
    this.inodes = inodes;
    this.inodeObjects = inodeObjects;
    this.leases = leases;
  }

  /// Lets the fields of an inode follow its record. If that fails it is tried again at the next
  /// start; until then readers of the inode see a working VDI where there is a snapshot.
  void bringInLine(Inode inode) {
    Optional<VdiRecord> known = table.live(inode.vdi());
    if (known.isPresent()) {
      bringInLine(inode, known.get());
    }
  }

  private void bringInLine(Inode inode, VdiRecord record) {
    try {
      inode.putFields(
          fields -> FieldRules.follow(fields, record), CacheMode.WRITETHROUGH, Durability.DURABLE);
      table.caughtUp(inode.vdi());
    } catch (IOException e) {
      log.warn(
          "the inode of VDI "
              + record.name()
              + " ("
              + inode.vdi()
              + ") does not follow its record yet; that is tried again at the next start: "
              + e.getMessage());
    }
  }

  /// Finishes what a crash interrupted.
  void rollForward() throws IOException {
    for (VdiId vdi : table.behind()) {
      // Where another node has the lease it is about to do so.
      if (leases.obtain(vdi) && table.live(vdi).isPresent()) {
        bringInLine(vdi);
      } else if (table.live(vdi).isEmpty()) {
        table.caughtUp(vdi);
      }
    }
    for (VdiId vdi : leases.all()) {
      if (!table.isUsed(vdi)) {
        removeUnborn(vdi);
      }
    }
  }

  private void bringInLine(VdiId vdi) {
    try {
      Inode inode = inodes.acquire(vdi);
      try {
        bringInLine(inode);
      } finally {
        inodes.release(inode);
      }
    } catch (IOException e) {
      log.error("the inode of VDI " + vdi + " could not be brought in line: " + e.getMessage());
    }
  }

  /// A lease without a VDI is what a crash left of one that was being made. It stays: the next VDI
  /// may get the same id, and with a generation that began again its changes would be stale to a
  /// store that remembers this removal.
  private void removeUnborn(VdiId vdi) {
    try {
      inodeObjects.removeAll(vdi);
      leases.clearUnflushed(vdi);
      leases.forgetLoss(vdi);
    } catch (IOException e) {
      log.warn("the remains of VDI " + vdi + ", never made, are left: " + e.getMessage());
    }
  }
}
