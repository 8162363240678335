package dev.kelpie.replica;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a gateway has deferred and not made durable: for each VDI and slot the ballots under which
/// that was done, and for each of them when it was done last.
final class DeferredChanges {
  private final Locks.Mutex mutex;
  private final Map<VdiId, Map<Integer, TreeMap<Long, Long>>> changes = new HashMap<>();

  /// Counts changes: a moment.
  private long made;

  DeferredChanges(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// What a VDI has open at a moment.
  ///
  /// @param slots in ascending order, each with the smallest ballot
  record Open(long moment, List<Primary.Deferred> slots) {}

  /// A change was answered.
  void add(VdiId vdi, Claim claim) {
    mutex.lock();
    try {
      made++;
      changes
          .computeIfAbsent(vdi, _ -> new HashMap<>())
          .computeIfAbsent(claim.slot(), _ -> new TreeMap<>())
          .put(claim.ballot(), made);
    } finally {
      mutex.unlock();
    }
  }

  /// What was answered before, of a VDI.
  Open open(VdiId vdi) {
    mutex.lock();
    try {
      List<Primary.Deferred> slots = new ArrayList<>();
      new TreeMap<>(changes.getOrDefault(vdi, Map.of()))
          .forEach((slot, since) -> slots.add(new Primary.Deferred(slot, since.firstKey())));
      return new Open(made, slots);
    } finally {
      mutex.unlock();
    }
  }

  /// What was answered before a moment is durable in a slot, or it was told that it is lost.
  void close(VdiId vdi, int slot, long moment) {
    mutex.lock();
    try {
      Map<Integer, TreeMap<Long, Long>> slots = changes.getOrDefault(vdi, new HashMap<>());
      TreeMap<Long, Long> since = slots.getOrDefault(slot, new TreeMap<>());
      since.values().removeIf(last -> last <= moment);
      if (since.isEmpty()) {
        slots.remove(slot);
      }
      if (slots.isEmpty()) {
        changes.remove(vdi);
      }
    } finally {
      mutex.unlock();
    }
  }

  /// The VDIs that have something open.
  List<VdiId> vdis() {
    mutex.lock();
    try {
      return List.copyOf(changes.keySet());
    } finally {
      mutex.unlock();
    }
  }
}
