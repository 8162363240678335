package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.ObjectId.Kind;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// [ClientObjects] over a store: data objects by the rules of their inode, inodes through
/// [InodeDoor], everything else as it is.
///
/// Attributes belong to a name, not to a VDI, so they have no lease and are never cached; VM state
/// is never cached either (spec §3.4).
final class ClientDoor implements ClientObjects {
  private final VdiTable table;
  private final Inodes inodes;
  private final ObjectStore objects;
  private final LeaseBook leases;
  private final InodeDoor inodeDoor;

  /// How somebody without the lease of a VDI reads its objects: past the cache.
  static Access withoutLease(VdiId vdi) {
    return new Access(vdi, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
  }

  ClientDoor(VdiTable table, Inodes inodes, ObjectStore objects, LeaseBook leases) {
    this.table = table;
    this.inodes = inodes;
    this.objects = objects;
    this.leases = leases;
    this.inodeDoor = new InodeDoor(table, inodes, objects, leases);
  }

  /// The lease comes here, so that what the client then reads of the inode is what its last user
  /// has left.
  @Override
  public void opened(VdiId vdi) throws IOException {
    Lease lease = leases.pin(vdi);
    try {
      leases.used(lease.vdi);
      leases.forgetLoss(vdi);
      objects.opened(vdi);
    } finally {
      lease.unpin();
    }
  }

  @Override
  public void closed(VdiId vdi) {
    leases.unused(vdi);
  }

  @Override
  public Outcome read(
      ObjectId object, int offset, ByteBuffer into, CacheMode mode, Patience patience)
      throws IOException {
    if (object.vdiBits() == 0) {
      return Outcome.NO_OBJECT;
    } else if (object.kind() == Kind.ATTRIBUTE) {
      Access access = new Access(object.vdi(), Generation.NONE, CacheMode.DIRECT, patience);
      return objects.read(object, offset, into, access);
    }
    Optional<Lease> here = leases.pinHeld(object.vdi());
    if (here.isPresent()) {
      return readHere(here.get(), object, offset, into, mode, patience);
    }
    return patience == Patience.NOW
        ? Outcome.WOULD_WAIT
        : readElsewhere(object, offset, into, mode);
  }

  /// @param lease pinned; no more when this returns
  private Outcome readHere(
      Lease lease, ObjectId object, int offset, ByteBuffer into, CacheMode mode, Patience patience)
      throws IOException {
    try {
      Optional<VdiRecord> record = table.record(object.vdi());
      Access access = new Access(object.vdi(), lease.generation(), modeFor(object, mode), patience);
      if (object.kind() == Kind.INODE) {
        return record.filter(r -> !r.isDeleted()).isPresent()
            ? readInode(object, offset, into, access)
            : inodeDoor.readDeleted(object, offset, into);
      } else if (record.isEmpty()) {
        return Outcome.NO_OBJECT;
      }
      leases.used(lease.vdi);
      return objects.read(object, offset, into, access);
    } finally {
      lease.unpin();
    }
  }

  /// Reads without the lease what does not change, what the records know, and parts of inodes as
  /// they are stored: tools that look at those of all disks so move no lease. Who reads a whole
  /// inode is about to use the disk. That, and everything else, is read with the lease.
  private Outcome readElsewhere(ObjectId object, int offset, ByteBuffer into, CacheMode mode)
      throws IOException {
    VdiId vdi = object.vdi();
    table.look();
    Optional<VdiRecord> record = table.record(vdi);
    boolean live = record.filter(r -> !r.isDeleted()).isPresent();
    boolean working = record.filter(VdiRecord::isWorking).isPresent();
    if (object.kind() == Kind.INODE && !live) {
      return inodeDoor.readDeleted(object, offset, into);
    } else if (record.isEmpty()) {
      return Outcome.NO_OBJECT;
    } else if (object.kind() == Kind.INODE && !isWhole(offset, into)) {
      return inodeDoor.readStored(record.get(), offset, into);
    } else if (!working && !leases.obtain(vdi)) {
      return objects.read(object, offset, into, withoutLease(vdi));
    }
    return readHere(leases.pin(vdi), object, offset, into, mode, Patience.WAIT);
  }

  /// Whether this is header and map.
  private static boolean isWhole(int offset, ByteBuffer into) {
    return offset == 0 && into.remaining() > InodeLayout.ENTRIES;
  }

  /// What was lost of an inode is written again before a client looks at it, or it would see
  /// entries come back later. The look itself may find that something is lost.
  private Outcome readInode(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    int position = into.position();
    while (true) {
      int losses = leases.losses(object.vdi());
      if (losses > 0 && access.patience() == Patience.NOW) {
        return Outcome.WOULD_WAIT;
      } else if (losses > 0) {
        settleLoss(object.vdi());
      }
      Outcome outcome = objects.read(object, offset, into, access);
      if (leases.losses(object.vdi()) == losses) {
        return outcome;
      }
      into.position(position);
    }
  }

  private void settleLoss(VdiId vdi) throws IOException {
    Optional<Inode> loaded = inodes.acquireLoaded(vdi);
    if (loaded.isPresent()) {
      try {
        loaded.get().settleLoss();
      } finally {
        inodes.release(loaded.get());
      }
    }
  }

  @Override
  public Outcome write(
      ObjectId object,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability,
      Patience patience)
      throws IOException {
    if (patience == Patience.NOW) {
      return object.kind() == Kind.DATA
          ? writeNow(object, new Extent(offset, from), mode, durability)
          : Outcome.WOULD_WAIT;
    }
    return switch (object.kind()) {
      case INODE ->
          changing(
              object,
              inode -> {
                inodeDoor.write(inode, offset, from, mode, durability);
                return Outcome.DONE;
              });
      case DATA ->
          changing(
              object,
              inode -> {
                inode.checkWritable();
                Change change = change(inode, mode, durability);
                return objects.write(object, List.of(new Extent(offset, from)), change);
              });
      case VM_STATE, ATTRIBUTE ->
          changing(
              object,
              durability,
              change -> objects.write(object, List.of(new Extent(offset, from)), change));
      case BTREE, LEDGER -> Outcome.NO_OBJECT;
    };
  }

  @Override
  public Outcome create(
      ObjectId object,
      Base base,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability)
      throws IOException {
    List<Extent> extents = from.hasRemaining() ? List.of(new Extent(offset, from)) : List.of();
    return switch (object.kind()) {
      case DATA ->
          changing(object, inode -> createData(inode, object, base, extents, mode, durability));
      case VM_STATE, ATTRIBUTE ->
          changing(object, durability, change -> objects.create(object, base, extents, change));
      case INODE, BTREE, LEDGER ->
          throw new InvalidChange("object " + object + " is not made by clients");
    };
  }

  @Override
  public Outcome remove(ObjectId object) throws IOException {
    return switch (object.kind()) {
      case DATA -> changing(object, inode -> drop(inode, object, CacheMode.WRITETHROUGH, true));
      case VM_STATE, ATTRIBUTE ->
          changing(object, Durability.DURABLE, change -> objects.remove(object, change));
      case INODE -> throw new InvalidChange("object " + object + " goes when its VDI is deleted");
      case BTREE, LEDGER -> Outcome.NO_OBJECT;
    };
  }

  @Override
  public Outcome discard(ObjectId object, CacheMode mode) throws IOException {
    return object.kind() == Kind.DATA
        ? changing(object, inode -> drop(inode, object, mode, false))
        : Outcome.NO_OBJECT;
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    if (!isLive(vdi)) {
      return;
    }
    failIfLost(vdi);
    Optional<Inode> here = inodes.acquireHeld(vdi);
    if (here.isEmpty()) {
      objects.flush(vdi); // nothing of it is cached here
      return;
    }
    try {
      here.get().flush();
    } finally {
      inodes.release(here.get());
    }
    // The flush itself may have found that what it was to bring out is damaged.
    failIfLost(vdi);
  }

  private void failIfLost(VdiId vdi) throws IOException {
    Optional<String> loss = leases.takeLoss(vdi);
    if (loss.isPresent()) {
      throw new IOException("acknowledged writes of VDI " + vdi + " were lost: " + loss.get());
    }
  }

  @Override
  public boolean exists(ObjectId object) throws IOException {
    return object.vdiBits() != 0 && objects.stat(object).isPresent();
  }

  /// Writes to a data object if neither its inode nor a snapshot makes that wait.
  private Outcome writeNow(ObjectId object, Extent extent, CacheMode mode, Durability durability)
      throws IOException {
    Optional<Inode> loaded =
        object.vdiBits() != 0 && leases.has(object.vdi()) && isLive(object)
            ? inodes.acquireLoaded(object.vdi())
            : Optional.empty();
    if (loaded.isEmpty()) {
      return Outcome.WOULD_WAIT;
    }
    Inode inode = loaded.get();
    leases.used(inode.vdi());
    boolean entered = inode.gate().tryEnterShared();
    try {
      if (!entered || inode.isBehindLoss()) {
        return Outcome.WOULD_WAIT;
      }
      inode.checkWritable();
      return objects.write(object, List.of(extent), changeNow(inode, mode, durability));
    } finally {
      if (entered) {
        inode.gate().leaveShared();
      }
      inodes.release(inode);
    }
  }

  /// A create of an object that the map names already is a repetition, or comes from a second
  /// client that does not know of the first one's: then the object is only written to.
  private Outcome createData(
      Inode inode,
      ObjectId object,
      Base base,
      List<Extent> extents,
      CacheMode mode,
      Durability durability)
      throws IOException {
    if (!isIndex(object)) {
      throw new InvalidChange("object " + object + " lies beyond the end of any VDI");
    }
    inode.checkWritable();
    Change change = change(inode, mode, durability);
    inode.lockEntries(object.index(), 1);
    try {
      Outcome written = Outcome.NO_OBJECT;
      if (inode.entryToChange(object.index()) == inode.vdi().value()) {
        written = objects.write(object, extents, change);
      }
      return written == Outcome.NO_OBJECT ? objects.create(object, base, extents, change) : written;
    } finally {
      inode.unlockEntries(object.index(), 1);
    }
  }

  /// Clears an entry, and removes the object if it is the VDI's own. Another VDI's stays.
  ///
  /// @param unnamed whether to remove the object also where the entry does not name it
  private Outcome drop(Inode inode, ObjectId object, CacheMode mode, boolean unnamed)
      throws IOException {
    if (!isIndex(object)) {
      return Outcome.NO_OBJECT;
    }
    inode.checkWritable();
    int index = object.index();
    inode.lockEntries(index, 1);
    try {
      int entry = inode.entryToChange(index);
      if (entry != 0) {
        inodeDoor.refuseIfAttached(inode);
        inode.putEntries(index, new int[1], mode, Durability.DURABLE);
      }
      boolean own = entry == inode.vdi().value();
      if (!own && !unnamed) {
        return Outcome.DONE;
      }
      Outcome removed = inodeDoor.removeData(inode, index);
      return own ? Outcome.DONE : removed;
    } finally {
      inode.unlockEntries(index, 1);
    }
  }

  /// Does something inside the gate of the object's VDI; `NO_OBJECT` where there is no such VDI.
  private Outcome changing(ObjectId object, ChangeOf change) throws IOException {
    if (!isLive(object)) {
      return Outcome.NO_OBJECT;
    }
    Inode inode = inodes.acquire(object.vdi());
    try {
      leases.used(inode.vdi());
      inode.gate().enterShared();
      try {
        return change.in(inode);
      } finally {
        inode.gate().leaveShared();
      }
    } finally {
      inodes.release(inode);
    }
  }

  private boolean isLive(ObjectId object) throws IOException {
    return object.vdiBits() != 0 && isLive(object.vdi());
  }

  /// Nobody else changes the record of a VDI whose lease this node has.
  private boolean isLive(VdiId vdi) throws IOException {
    if (!leases.has(vdi)) {
      table.look();
    }
    return table.live(vdi).isPresent();
  }

  private static boolean isIndex(ObjectId object) {
    return object.index() >= 0 && object.index() < InodeLayout.ENTRY_COUNT;
  }

  private static CacheMode modeFor(ObjectId object, CacheMode mode) {
    return switch (object.kind()) {
      case DATA, INODE, BTREE, LEDGER -> mode;
      case VM_STATE, ATTRIBUTE -> CacheMode.DIRECT;
    };
  }

  private static Change change(Inode inode, CacheMode mode, Durability durability) {
    return Change.of(inode.vdi(), inode.generation(), mode, durability);
  }

  private static Change changeNow(Inode inode, CacheMode mode, Durability durability) {
    return new Change(inode.vdi(), inode.generation(), Change.NEXT, mode, durability, Patience.NOW);
  }

  /// Changes an object that is not part of a disk; `NO_OBJECT` where its VDI is not there.
  private Outcome changing(ObjectId object, Durability durability, PlainChange plain)
      throws IOException {
    if (object.vdiBits() == 0 || !(object.kind() == Kind.ATTRIBUTE || isLive(object))) {
      return Outcome.NO_OBJECT;
    }
    VdiId vdi = object.vdi();
    if (object.kind() == Kind.ATTRIBUTE) {
      return plain.as(Change.of(vdi, Generation.NONE, CacheMode.DIRECT, durability));
    }
    Lease lease = leases.pin(vdi);
    try {
      leases.used(lease.vdi);
      return plain.as(Change.of(vdi, lease.generation(), CacheMode.DIRECT, durability));
    } finally {
      lease.unpin();
    }
  }

  private interface PlainChange {
    Outcome as(Change change) throws IOException;
  }

  private interface ChangeOf {
    Outcome in(Inode inode) throws IOException;
  }
}
