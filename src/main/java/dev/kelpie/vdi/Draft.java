package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.model.VdiId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A change of the directory that was decided on and is to be one commit. Used by one task.
final class Draft {
  /// The commit by which the records were known on which the decision was made.
  final long seen;

  /// Records as they are to be, new ones and changed ones.
  final List<VdiRecord> records = new ArrayList<>();

  /// VDIs whose records stay, and on which the decision relies.
  final List<VdiId> guards = new ArrayList<>();

  /// VDIs of which something else changes on which decisions rely.
  final List<VdiId> touched = new ArrayList<>();

  /// VDIs whose inodes do not follow their records yet.
  final List<VdiId> behind = new ArrayList<>();

  /// VDIs whose leases this node has to have when it is made.
  final Set<VdiId> leases = new HashSet<>();

  /// What else changes.
  final List<Put> others = new ArrayList<>();

  /// @param seen what [VdiTable#look] has answered before the decision
  Draft(long seen) {
    this.seen = seen;
  }

  Draft put(VdiRecord record) {
    records.add(record);
    return this;
  }

  Draft guard(VdiId vdi) {
    guards.add(vdi);
    return this;
  }

  /// Something changes that belongs to a VDI, so that who decides on it now decides again.
  Draft touch(VdiId vdi) {
    guards.add(vdi);
    touched.add(vdi);
    return this;
  }

  Draft behind(VdiId vdi) {
    behind.add(vdi);
    return this;
  }

  Draft underLease(VdiId vdi) {
    leases.add(vdi);
    return this;
  }

  Draft and(List<Put> puts) {
    others.addAll(puts);
    return this;
  }
}
