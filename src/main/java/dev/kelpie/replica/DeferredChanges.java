package dev.kelpie.replica;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a gateway has deferred and not made durable: for each VDI and slot the ballots under which
/// that was done, and for each of them when it was done last.
final class DeferredChanges {
  private final Locks.Mutex mutex;
  private final Map<VdiId, Map<Integer, SortedMap<Long, Long>>> changes = new HashMap<>();

  /// Counts changes: a moment.
  private long made;

  DeferredChanges(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// What a VDI has open at a moment.
  ///
  /// @param slots in ascending order, each with the ballots, the smallest first
  record Open(long moment, SortedMap<Integer, SortedSet<Long>> slots) {}

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
      SortedMap<Integer, SortedSet<Long>> slots = new TreeMap<>();
      changes
          .getOrDefault(vdi, Map.of())
          .forEach((slot, ballots) -> slots.put(slot, new TreeSet<>(ballots.keySet())));
      return new Open(made, slots);
    } finally {
      mutex.unlock();
    }
  }

  /// What was answered in a slot before a moment is durable, or it was told that it is lost.
  ///
  /// @param end the ballot from which on that is not so
  void close(VdiId vdi, int slot, long moment, long end) {
    mutex.lock();
    try {
      Map<Integer, SortedMap<Long, Long>> slots = changes.getOrDefault(vdi, new HashMap<>());
      SortedMap<Long, Long> ballots = slots.getOrDefault(slot, new TreeMap<>());
      ballots.headMap(end).values().removeIf(last -> last <= moment);
      if (ballots.isEmpty()) {
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
