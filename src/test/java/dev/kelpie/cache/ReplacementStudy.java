package dev.kelpie.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Replays traces through [Replacement], through least recently used, and through the best that
/// could be done by who knows the future (Belady), and prints how many accesses hit. Each argument
/// is a recorded trace: a file with the number of a chunk in each line.
///
/// ```
/// mvn -q test-compile
/// java -cp target/classes:target/test-classes dev.kelpie.cache.ReplacementStudy
/// ```
final class ReplacementStudy {
  private static final long SEED = Long.getLong("seed", 1);
  private static final double[] SIZES = {0.01, 0.05, 0.1, 0.25, 0.5};
  private static final int NEVER = Integer.MAX_VALUE;

  private ReplacementStudy() {}

  /// Prints the table, as Markdown.
  public static void main(String[] files) throws IOException {
    Map<String, int[]> traces = new LinkedHashMap<>(ReplacementTraces.all(SEED));
    for (String file : files) {
      traces.put(String.valueOf(Path.of(file).getFileName()), recorded(Path.of(file)));
    }
    System.out.println("| trace | accesses | chunks | cache | LRU | S3-FIFO | optimal |");
    System.out.println("|---|---|---|---|---|---|---|");
    traces.forEach(ReplacementStudy::print);
  }

  private static void print(String name, int[] trace) {
    int chunks = distinct(trace);
    String title = name + " | " + trace.length + " | " + chunks;
    for (double share : SIZES) {
      int capacity = Math.max(16, (int) (chunks * share));
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f %% | %s | %s | %s |%n",
          title,
          share * 100,
          percent(lru(trace, capacity), trace),
          percent(s3fifo(trace, capacity), trace),
          percent(optimal(trace, capacity), trace));
      title = " | | ";
    }
  }

  private static String percent(int hits, int[] trace) {
    return String.format(Locale.ROOT, "%.1f", 100.0 * hits / trace.length);
  }

  private static int[] recorded(Path file) throws IOException {
    return Files.readAllLines(file).stream().mapToInt(Integer::parseInt).toArray();
  }

  static int distinct(int[] trace) {
    return (int) Arrays.stream(trace).distinct().count();
  }

  /// The hits of the cache's own code.
  static int s3fifo(int[] trace, int capacity) {
    Replacement replacement = new Replacement(capacity);
    Map<Integer, Integer> chunks = new HashMap<>();
    int[] names = new int[capacity];
    Deque<Integer> free = new ArrayDeque<>();
    for (int chunk = 0; chunk < capacity; chunk++) {
      free.add(chunk);
    }
    int hits = 0;
    for (int name : trace) {
      Integer chunk = chunks.get(name);
      if (chunk != null) {
        replacement.used(chunk);
        hits++;
        continue;
      }
      if (free.isEmpty()) {
        int victim = replacement.next(replacement.common());
        boolean small = replacement.isInSmall(victim);
        replacement.gone(small, names[victim]);
        chunks.remove(names[victim]);
        free.add(victim);
      }
      int taken = free.remove();
      names[taken] = name;
      chunks.put(name, taken);
      replacement.add(taken, name, replacement.common());
    }
    return hits;
  }

  static int lru(int[] trace, int capacity) {
    Map<Integer, Boolean> cached = new LinkedHashMap<>(16, 0.75f, true);
    int hits = 0;
    for (int name : trace) {
      if (cached.get(name) != null) {
        hits++;
        continue;
      }
      if (cached.size() == capacity) {
        cached.remove(cached.keySet().iterator().next());
      }
      cached.put(name, true);
    }
    return hits;
  }

  /// Whoever is needed latest goes.
  static int optimal(int[] trace, int capacity) {
    int[] next = new int[trace.length];
    Map<Integer, Integer> later = new HashMap<>();
    for (int i = trace.length - 1; i >= 0; i--) {
      // Of those that are never needed again each has a moment of its own, so that all differ.
      next[i] = later.getOrDefault(trace[i], NEVER - i);
      later.put(trace[i], i);
    }
    TreeMap<Integer, Integer> byNeed = new TreeMap<>();
    Map<Integer, Integer> cached = new HashMap<>();
    int hits = 0;
    for (int i = 0; i < trace.length; i++) {
      Integer need = cached.get(trace[i]);
      if (need != null) {
        hits++;
        byNeed.remove(need);
      } else if (cached.size() == capacity) {
        cached.remove(byNeed.pollLastEntry().getValue());
      }
      cached.put(trace[i], next[i]);
      byNeed.put(next[i], trace[i]);
    }
    return hits;
  }
}
