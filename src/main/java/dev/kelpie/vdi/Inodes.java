package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.Invariant;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The inodes in memory: at most one for each VDI, so that everybody sees the same. An inode stays
/// while it is used, and some time longer. What it knows counts only under the lease with which it
/// was loaded: who uses it has that pinned, and with the lease it goes.
///
/// The lock is held over nothing that waits. An inode that is not here yet is loaded under a lock
/// of its own.
final class Inodes {
  /// How many unused inodes stay. Each has 16 KiB without its pages, which the [PageBudget] bounds.
  private static final int IDLE_MAX = 64;

  private final Locks locks;
  private final PageBudget budget;
  private final LeaseBook leases;
  private final Loader loader;
  private final Locks.Mutex mutex;
  private final Map<VdiId, Slot> slots = new HashMap<>();
  private final Map<VdiId, Slot> idle = new LinkedHashMap<>();

  /// Makes an inode from what is stored.
  interface Loader {
    /// Loads one.
    ///
    /// @param generation of the lease under which it is used
    Inode load(VdiId vdi, Generation generation) throws IOException;
  }

  Inodes(Locks locks, PageBudget budget, LeaseBook leases, Loader loader) {
    this.locks = locks;
    this.budget = budget;
    this.leases = leases;
    this.loader = loader;
    this.mutex = locks.mutex();
  }

  /// The inode of a VDI, loaded where needed. The caller gives it back with [#release].
  ///
  /// @throws LeaseElsewhere where another node uses the VDI
  Inode acquire(VdiId vdi) throws IOException {
    return acquire(leases.pin(vdi));
  }

  /// The same where this node has the lease; empty where it has not.
  Optional<Inode> acquireHeld(VdiId vdi) throws IOException {
    Optional<Lease> lease = leases.pinHeld(vdi);
    return lease.isPresent() ? Optional.of(acquire(lease.get())) : Optional.empty();
  }

  /// @param lease pinned, which goes with the use
  private Inode acquire(Lease lease) throws IOException {
    Slot slot = enter(lease);
    boolean loaded = false;
    try {
      Inode inode = slot.inode(lease.vdi);
      loaded = true;
      return inode;
    } finally {
      if (!loaded) {
        leave(lease.vdi);
      }
    }
  }

  /// Puts the inode of a VDI here that is being made. The caller gives it back with [#release].
  ///
  /// @param lease that the caller has pinned
  Inode acquireNew(Inode inode, Lease lease) throws IOException {
    Invariant.check(lease.pin(), "a lease is closed that somebody has pinned");
    Slot slot = enter(lease);
    slot.inode = Optional.of(inode);
    return inode;
  }

  /// The inode if it is in memory. The caller gives it back with [#release].
  Optional<Inode> acquireLoaded(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      if (slot == null || slot.inode.isEmpty()) {
        return Optional.empty();
      }
      Optional<Lease> lease = leases.pinHeld(vdi);
      if (!lease.equals(Optional.of(slot.lease))) {
        lease.ifPresent(Lease::unpin);
        return Optional.empty();
      }
      slot.users++;
      idle.remove(vdi);
      return slot.inode;
    } finally {
      mutex.unlock();
    }
  }

  /// The inode if it is in memory and nobody uses it. The caller has closed its lease.
  Optional<Inode> unused(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      return slot == null || slot.users > 0 ? Optional.empty() : slot.inode;
    } finally {
      mutex.unlock();
    }
  }

  /// Drops the inode of a VDI from memory.
  ///
  /// @return false where it is in use, or memory knows what the store cannot tell
  boolean drop(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      if (slot == null) {
        return true;
      } else if (slot.users > 0 || slot.inode.stream().anyMatch(Inode::mustStay)) {
        return false;
      }
      idle.remove(vdi);
      forget(vdi, slot);
      return true;
    } finally {
      mutex.unlock();
    }
  }

  /// Another node has the lease of this VDI now: who uses its inode here gets errors until all have
  /// let it go.
  void lose(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      if (slot != null) {
        slot.inode.ifPresent(Inode::lose);
        if (slot.users == 0) {
          idle.remove(vdi);
          forget(vdi, slot);
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  void release(Inode inode) {
    leave(inode.vdi());
  }

  /// Attaches a block device to an inode that the caller has acquired; the attachment takes it
  /// over.
  Attachment attach(Inode inode) {
    mutex.lock();
    try {
      Attachment attachment = new Attachment(this, inode);
      slot(inode).attachments.add(attachment);
      return attachment;
    } finally {
      mutex.unlock();
    }
  }

  /// Whether a block device is attached to the VDI.
  boolean isAttached(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      return slot != null && !slot.attachments.isEmpty();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether a block device is attached.
  boolean isAttached(Inode inode) {
    mutex.lock();
    try {
      return !slot(inode).attachments.isEmpty();
    } finally {
      mutex.unlock();
    }
  }

  /// The VDIs to which block devices are attached.
  List<VdiId> attached() {
    mutex.lock();
    try {
      return slots.entrySet().stream()
          .filter(slot -> !slot.getValue().attachments.isEmpty())
          .map(Map.Entry::getKey)
          .sorted()
          .toList();
    } finally {
      mutex.unlock();
    }
  }

  /// The inodes in memory.
  List<Inode> loaded() {
    mutex.lock();
    try {
      return slots.values().stream().flatMap(slot -> slot.inode.stream()).toList();
    } finally {
      mutex.unlock();
    }
  }

  /// Lets the block devices of a frozen VDI go on with the one that continues it.
  void moveAttachments(Inode from, Inode to) {
    mutex.lock();
    try {
      List<Attachment> moved = new ArrayList<>(slot(from).attachments);
      slot(from).attachments.clear();
      slot(to).attachments.addAll(moved);
      slot(to).users += moved.size();
      for (Attachment _ : moved) {
        Invariant.check(slot(to).lease.pin(), "a lease is closed that somebody has pinned");
        slot(from).lease.unpin();
      }
      slot(from).users -= moved.size();
      Invariant.check(slot(from).users > 0, "the mover of attachments has given the inode back");
      moved.forEach(attachment -> attachment.moveTo(to));
    } finally {
      mutex.unlock();
    }
  }

  void detach(Attachment attachment) {
    mutex.lock();
    try {
      Inode inode = attachment.inode();
      if (slot(inode).attachments.remove(attachment)) {
        leave(inode.vdi());
      }
    } finally {
      mutex.unlock();
    }
  }

  private Slot slot(Inode inode) {
    return Objects.requireNonNull(
        slots.get(inode.vdi()), "inode " + inode.vdi() + " is used without being acquired");
  }

  /// @param lease pinned; no more where this throws
  private Slot enter(Lease lease) throws IOException {
    VdiId vdi = lease.vdi;
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      if (slot != null && slot.lease != lease) {
        if (slot.users > 0) {
          lease.unpin();
          throw new IOException(
              "another node has had the lease of VDI " + vdi + "; detach it here first");
        }
        forget(vdi, slot);
        slot = null;
      }
      if (slot == null) {
        slot = new Slot(lease, locks.mutex());
        slots.put(vdi, slot);
      }
      slot.users++;
      idle.remove(vdi);
      return slot;
    } finally {
      mutex.unlock();
    }
  }

  private void leave(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.get(vdi);
      if (slot == null) {
        return;
      }
      slot.users--;
      if (slot.users == 0) {
        if (slot.inode.isEmpty() || slot.inode.get().isOver()) {
          forget(vdi, slot);
        } else {
          idle.put(vdi, slot);
          dropIdle();
        }
      }
      slot.lease.unpin();
    } finally {
      mutex.unlock();
    }
  }

  private void dropIdle() {
    Iterator<Map.Entry<VdiId, Slot>> oldest = idle.entrySet().iterator();
    while (idle.size() > IDLE_MAX && oldest.hasNext()) {
      Map.Entry<VdiId, Slot> entry = oldest.next();
      if (entry.getValue().inode.stream().noneMatch(Inode::mustStay)) {
        oldest.remove();
        forget(entry.getKey(), entry.getValue());
      }
    }
  }

  private void forget(VdiId vdi, Slot slot) {
    slots.remove(vdi);
    slot.inode.ifPresent(budget::dropped);
  }

  /// A place for an inode. `users` and `attachments` are guarded by the lock of all; the inode is
  /// set once, under both locks.
  private final class Slot {
    private final Lease lease;
    private final Locks.Mutex loading;
    private final List<Attachment> attachments = new ArrayList<>();
    private volatile Optional<Inode> inode = Optional.empty();
    private int users;

    Slot(Lease lease, Locks.Mutex loading) {
      this.lease = lease;
      this.loading = loading;
    }

    Inode inode(VdiId vdi) throws IOException {
      if (inode.isEmpty()) {
        loading.lock();
        try {
          if (inode.isEmpty()) {
            inode = Optional.of(loader.load(vdi, lease.generation()));
          }
        } finally {
          loading.unlock();
        }
      }
      return inode.get();
    }
  }
}
