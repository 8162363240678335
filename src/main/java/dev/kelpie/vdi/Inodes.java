package dev.kelpie.vdi;

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
/// while it is used, and some time longer.
///
/// The lock is held over nothing that waits. An inode that is not here yet is loaded under a lock
/// of its own.
final class Inodes {
  /// How many unused inodes stay. Each has 16 KiB without its pages, which the [PageBudget] bounds.
  private static final int IDLE_MAX = 64;

  private final Locks locks;
  private final PageBudget budget;
  private final Loader loader;
  private final Locks.Mutex mutex;
  private final Map<VdiId, Slot> slots = new HashMap<>();
  private final Map<VdiId, Slot> idle = new LinkedHashMap<>();

  /// Makes an inode from what is stored.
  interface Loader {
    Inode load(VdiId vdi) throws IOException;
  }

  Inodes(Locks locks, PageBudget budget, Loader loader) {
    this.locks = locks;
    this.budget = budget;
    this.loader = loader;
    this.mutex = locks.mutex();
  }

  /// The inode of a VDI, loaded where needed. The caller gives it back with [#release].
  Inode acquire(VdiId vdi) throws IOException {
    Slot slot = enter(vdi);
    boolean loaded = false;
    try {
      Inode inode = slot.inode(vdi);
      loaded = true;
      return inode;
    } finally {
      if (!loaded) {
        leave(vdi);
      }
    }
  }

  /// Puts the inode of a VDI here that is being made. The caller gives it back with [#release].
  Inode acquireNew(Inode inode) {
    Slot slot = enter(inode.vdi());
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
      slot.users++;
      idle.remove(vdi);
      return slot.inode;
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

  /// The VDIs whose inodes are in memory.
  List<VdiId> loaded() {
    mutex.lock();
    try {
      return List.copyOf(slots.keySet());
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

  private Slot enter(VdiId vdi) {
    mutex.lock();
    try {
      Slot slot = slots.computeIfAbsent(vdi, _ -> new Slot(locks.mutex()));
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
      if (slot != null && --slot.users == 0) {
        if (slot.inode.isEmpty() || slot.inode.get().standing() == Inode.Standing.DELETED) {
          forget(vdi, slot);
        } else {
          idle.put(vdi, slot);
          dropIdle();
        }
      }
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
    private final Locks.Mutex loading;
    private final List<Attachment> attachments = new ArrayList<>();
    private volatile Optional<Inode> inode = Optional.empty();
    private int users;

    Slot(Locks.Mutex loading) {
      this.loading = loading;
    }

    Inode inode(VdiId vdi) throws IOException {
      if (inode.isEmpty()) {
        loading.lock();
        try {
          if (inode.isEmpty()) {
            inode = Optional.of(loader.load(vdi));
          }
        } finally {
          loading.unlock();
        }
      }
      return inode.get();
    }
  }
}
