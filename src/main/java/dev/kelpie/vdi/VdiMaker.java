package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Platform;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import dev.kelpie.vdi.VdiDirectory.Shape;
import dev.kelpie.vdi.VdiRecord.Standing;
import java.io.IOException;
import java.util.Optional;
import java.util.function.IntSupplier;

/// Makes VDIs, all or nothing: first the inode, which nobody knows of, then one commit of all
/// records. One at a time: the caller sees to that.
final class VdiMaker {
  private final Platform platform;
  private final VdiTable table;
  private final InodeObjects inodeObjects;
  private final Inodes inodes;
  private final Inode.Context context;
  private final LeaseBook leases;
  private final ClientLocks locks;
  private final IntSupplier defaultCopies;

  VdiMaker(
      Platform platform,
      VdiTable table,
      InodeObjects inodeObjects,
      Inodes inodes,
      Inode.Context context,
      LeaseBook leases,
      ClientLocks locks,
      IntSupplier defaultCopies) {
    this.platform = platform;
    this.table = table;
    this.inodeObjects = inodeObjects;
    this.inodes = inodes;
    this.context = context;
    this.leases = leases;
    this.locks = locks;
    this.defaultCopies = defaultCopies;
  }

  /// A VDI to be made.
  ///
  /// @param parent whose content it starts with
  /// @param old the changed record of the VDI in whose place it comes
  record Birth(
      VdiName name, Shape shape, long size, Optional<VdiRecord> parent, Optional<VdiRecord> old) {}

  /// Makes a VDI: first its inode, which nobody knows of, then all records in one commit. Called
  /// with `making`.
  ///
  /// @param current the inode of the VDI in whose place it comes, whose gate the caller has alone
  /// @param seen what [VdiTable#look] has answered before the decision
  VdiAnswer make(Birth birth, Optional<Inode> current, long seen) throws IOException {
    Optional<VdiId> free = table.free(birth.name());
    if (free.isEmpty()) {
      return new Refused(Reason.FULL_VDI);
    }
    Lease lease = pin(free.get());
    try {
      table.look();
      if (table.isUsed(free.get())) {
        throw new VdiTable.Outdated("VDI " + free.get());
      }
      return make(newRecord(free.get(), birth), birth, current, lease, seen);
    } finally {
      lease.unpin();
    }
  }

  /// The lease of a VDI that is to be: while it is pinned no other node makes one with this id. Who
  /// was about to gives it up when it has.
  private Lease pin(VdiId vdi) throws IOException {
    try {
      return leases.pin(vdi);
    } catch (LeaseElsewhere e) {
      throw new IOException("another node is making a VDI with the same id; try again", e);
    }
  }

  private VdiAnswer make(
      VdiRecord record, Birth birth, Optional<Inode> current, Lease lease, long seen)
      throws IOException {
    Optional<VdiRecord> frozen = birth.old().filter(VdiRecord::isSnapshot);
    if (frozen.isPresent()) {
      leases.inheritLoss(frozen.get().vdi(), record.vdi());
    }
    LossWatch lossWatch = context.watch(record.vdi());
    byte[] fields = InodeHeader.of(record, birth.size()).encode();
    Optional<VdiId> parent = birth.parent().map(VdiRecord::vdi);
    if (inodeObjects.create(record.vdi(), fields, birth.size(), parent) == Outcome.NO_SPACE) {
      return new Refused(Reason.NO_SPACE);
    }
    Inode made =
        inodes.acquireNew(
            new Inode(
                context,
                record.vdi(),
                lease.generation(),
                fields,
                Inode.Standing.WORKING,
                lossWatch),
            lease);
    made.cacheMode(record.cache().mode());
    try {
      commit(record, birth, current, made, seen);
      current.ifPresent(inode -> continueWith(inode, made, birth));
      return record.found();
    } finally {
      inodes.release(made);
    }
  }

  private VdiRecord newRecord(VdiId vdi, Birth birth) {
    Optional<VdiRecord> parent = birth.parent();
    int copies = birth.shape().copies();
    if (copies == 0) {
      copies = parent.map(VdiRecord::copies).orElseGet(defaultCopies::getAsInt);
    }
    int family = parent.map(VdiRecord::family).orElse(vdi.value());
    int parentId = parent.map(record -> record.vdi().value()).orElse(0);
    int snapId = nextSnapId(birth);
    return new VdiRecord(
        vdi,
        birth.name(),
        Standing.WORKING,
        copies,
        0,
        snapId,
        parentId,
        family,
        now(),
        0,
        settings(birth));
  }

  /// Those of the VDI in whose place it comes, as its record still has them.
  private CacheSettings settings(Birth birth) {
    return birth
        .old()
        .flatMap(old -> table.record(old.vdi()))
        .map(VdiRecord::cache)
        .orElse(CacheSettings.DEFAULT);
  }

  /// One more than that of the newest VDI of the name that stays.
  private int nextSnapId(Birth birth) {
    Optional<VdiId> deleted = birth.old().filter(VdiRecord::isDeleted).map(VdiRecord::vdi);
    return table.newestFirst(birth.name()).stream()
        .filter(record -> !deleted.equals(Optional.of(record.vdi())))
        .findFirst()
        .map(newest -> newest.snapId() + 1)
        .orElse(1);
  }

  /// Commits the records of a new VDI, and with them that its parent is still what it was.
  private void commit(VdiRecord record, Birth birth, Optional<Inode> current, Inode made, long seen)
      throws IOException {
    Draft draft = new Draft(seen).put(record).underLease(record.vdi());
    for (VdiRecord old : birth.old().stream().toList()) {
      draft.put(old).underLease(old.vdi());
      draft.and(locks.moved(old.vdi(), record.vdi()));
      if (old.isSnapshot()) {
        draft.behind(old.vdi());
      }
    }
    birth
        .parent()
        .filter(p -> !birth.old().equals(Optional.of(p)))
        .map(VdiRecord::vdi)
        .ifPresent(draft::guard);
    try {
      table.commit(draft);
    } catch (Coordination.InDoubt e) {
      made.standing(Inode.Standing.IN_DOUBT);
      current.ifPresent(inode -> inode.standing(Inode.Standing.IN_DOUBT));
      throw e;
    } catch (IOException e) {
      made.standing(Inode.Standing.DELETED);
      undo(record.vdi(), e);
      throw e;
    }
  }

  /// Takes the inode of a VDI away that did not come to be. What is left is taken away at the next
  /// start.
  private void undo(VdiId vdi, IOException why) {
    if (!leases.has(vdi)) {
      return; // the id is another node's now, and what is there too
    }
    try {
      inodeObjects.removeAll(vdi);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private void continueWith(Inode old, Inode made, Birth birth) {
    VdiRecord record = birth.old().orElseThrow();
    old.standing(record.isDeleted() ? Inode.Standing.DELETED : Inode.Standing.FROZEN);
    inodes.moveAttachments(old, made);
  }

  private long now() {
    return InodeHeader.time(platform.clock().now());
  }
}
