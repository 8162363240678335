package dev.kelpie.vdi;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.ObjectId.Kind;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Frees what deleted VDIs leave behind (I23). What there is to do stands in the records (a VDI
/// that is deleted and not gone) and in the object maps, so nothing is forgotten over a restart.
///
/// It marks and sweeps: the objects of a deleted VDI that no living VDI of the family names are
/// removed. A VDI is gone when none of its objects is left. The thread that decides when is
/// [SweeperTask].
final class Sweeper {
  /// How many VDIs are swept in one pass over their family; bounds the memory for candidates to 4
  /// MiB.
  private static final int OWNERS_MAX = 32;

  private final Log log;
  private final VdiTable table;
  private final NameLocks names;
  private final LeaseBook leases;
  private final ObjectStore objects;
  private final InodeObjects inodeObjects;
  private final Reachability reachability;
  private volatile boolean stopped;

  Sweeper(
      Log log,
      VdiTable table,
      NameLocks names,
      LeaseBook leases,
      ObjectStore objects,
      Reachability reachability) {
    this.log = log;
    this.table = table;
    this.names = names;
    this.leases = leases;
    this.objects = objects;
    this.inodeObjects = new InodeObjects(objects, leases);
    this.reachability = reachability;
  }

  /// Lets the pass under way end after the object at hand. What is left is done after the next
  /// start.
  void stop() {
    stopped = true;
  }

  /// Frees what can be freed of all deleted VDIs of a family.
  void sweepFamily(int family) throws IOException {
    table.look();
    List<VdiRecord> deleted = table.records(r -> r.family() == family && r.isDeleted());
    for (int i = 0; i < deleted.size() && !stopped; i += OWNERS_MAX) {
      List<VdiRecord> some = deleted.subList(i, Math.min(deleted.size(), i + OWNERS_MAX));
      List<Lease> pinned = new ArrayList<>();
      try {
        sweep(family, some.stream().filter(record -> pins(record.vdi(), pinned)).toList());
      } finally {
        pinned.forEach(Lease::unpin);
      }
    }
  }

  /// Whether the VDI is this node's to sweep: who has the lease of a deleted VDI does it, and
  /// nobody else.
  private boolean pins(VdiId vdi, List<Lease> pinned) {
    try {
      Optional<Lease> lease = leases.obtain(vdi) ? leases.pinHeld(vdi) : Optional.empty();
      lease.ifPresent(pinned::add);
      return lease.isPresent();
    } catch (IOException e) {
      log.warn("deleted VDI " + vdi + " is not swept: " + e.getMessage());
      return false;
    }
  }

  /// Frees those of the given objects of deleted VDIs that nobody needs any more.
  ///
  /// @param dropped by owner, the indices of objects
  void sweepObjects(int family, Map<Integer, BitSet> dropped) throws IOException {
    reachability.clearNeeded(family, dropped);
    for (Map.Entry<Integer, BitSet> entry : dropped.entrySet()) {
      VdiId owner = new VdiId(entry.getKey());
      if (table.record(owner).isPresent()) {
        sweepObjects(owner, entry.getValue());
      }
    }
  }

  private void sweepObjects(VdiId owner, BitSet unneeded) throws IOException {
    Lease lease = leases.pin(owner);
    try {
      removeData(owner, unneeded);
      objects.flush(owner);
      List<ObjectId> left = new ArrayList<>();
      objects.list(owner, left::add);
      if (left.stream().allMatch(object -> object.kind() == Kind.ATTRIBUTE)) {
        gone(owner);
      }
    } finally {
      lease.unpin();
    }
  }

  private void sweep(int family, List<VdiRecord> owners) throws IOException {
    Map<Integer, BitSet> unneeded = new HashMap<>();
    Map<Integer, BitSet> all = new HashMap<>();
    List<ObjectId> others = new ArrayList<>();
    for (VdiRecord owner : owners) {
      BitSet data = new BitSet();
      objects.list(owner.vdi(), object -> sort(object, data, others));
      all.put(owner.vdi().value(), data);
      unneeded.put(owner.vdi().value(), (BitSet) data.clone());
    }
    reachability.clearNeeded(family, unneeded);
    for (ObjectId object : others) {
      inodeObjects.remove(object, object.vdi());
    }
    for (Map.Entry<Integer, BitSet> entry : unneeded.entrySet()) {
      VdiId owner = new VdiId(entry.getKey());
      removeData(owner, entry.getValue());
      objects.flush(owner);
      if (entry.getValue().equals(all.get(entry.getKey()))) {
        gone(owner);
      }
    }
  }

  private static void sort(ObjectId object, BitSet data, List<ObjectId> others) {
    switch (object.kind()) {
      case DATA -> {
        if (object.index() >= 0 && object.index() < InodeLayout.ENTRY_COUNT) {
          data.set(object.index());
        } else {
          others.add(object);
        }
      }
      case INODE, VM_STATE, BTREE, LEDGER -> others.add(object);
      case ATTRIBUTE -> {}
    }
  }

  private void removeData(VdiId owner, BitSet indices) throws IOException {
    for (int index = indices.nextSetBit(0);
        index >= 0 && !stopped;
        index = indices.nextSetBit(index + 1)) {
      inodeObjects.remove(ObjectId.data(owner, index), owner);
    }
  }

  private void gone(VdiId vdi) throws IOException {
    Optional<VdiRecord> record = table.record(vdi);
    if (stopped || record.isEmpty()) {
      return;
    }
    VdiName name = record.get().name();
    removeAttributes(name);
    table.commitGone(vdi);
    log.info("VDI " + name + " (" + vdi + ") was deleted and its space is free");
  }

  /// Attributes belong to a name, by its hash, and go with its last VDI.
  private void removeAttributes(VdiName name) throws IOException {
    int slot = SheepHash.vdiSlot(name.bytes());
    if (slot == 0) {
      return;
    }
    names.lock(name);
    try {
      boolean used =
          !table
              .records(r -> !r.isDeleted() && SheepHash.vdiSlot(r.name().bytes()) == slot)
              .isEmpty();
      if (!used) {
        removeAttributes(new VdiId(slot));
      }
    } finally {
      names.unlock(name);
    }
  }

  private void removeAttributes(VdiId nameHash) throws IOException {
    List<ObjectId> found = new ArrayList<>();
    objects.list(nameHash, found::add);
    Change change = Change.of(nameHash, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
    for (ObjectId object : found) {
      if (object.kind() == Kind.ATTRIBUTE) {
        objects.remove(object, change);
      }
    }
  }
}
