package dev.kelpie.cache;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// The chunks of a cache in a replay: which are here, in the order of the cache's own
/// [Replacement].
final class ReplayedChunks {
  private static final int NONE = -1;

  private final Replacement replacement;
  private final Map<Integer, Integer> chunks = new HashMap<>();
  private final int[] names;
  private final Deque<Integer> free = new ArrayDeque<>();

  ReplayedChunks(int capacity) {
    replacement = new Replacement(capacity);
    names = new int[capacity];
    for (int chunk = 0; chunk < capacity; chunk++) {
      free.add(chunk);
    }
  }

  /// The chunk of that name; -1 where it is not here.
  int find(int name) {
    return chunks.getOrDefault(name, NONE);
  }

  /// A chunk for a name that is not here; another goes where all are taken.
  int take(int name) {
    if (free.isEmpty()) {
      int victim = replacement.next(replacement.common());
      boolean small = replacement.isInSmall(victim);
      replacement.gone(replacement.common(), small, names[victim]);
      chunks.remove(names[victim]);
      free.add(victim);
    }
    int taken = free.remove();
    names[taken] = name;
    chunks.put(name, taken);
    replacement.add(taken, name, replacement.common());
    return taken;
  }

  void used(int chunk) {
    replacement.used(chunk);
  }
}
