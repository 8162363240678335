package dev.kelpie.cache;

import static java.util.stream.Collectors.joining;

import dev.kelpie.cache.RecordedReplay.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// Replays traces through [Replacement], through least recently used, and through the best that
/// could be done by who knows the future (Belady), and prints how many accesses hit. Each argument
/// is one more recorded trace, a file as [RecordedTrace] reads it.
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

  /// Prints the tables, as Markdown.
  public static void main(String[] files) throws IOException {
    System.out.println("| trace | accesses | chunks | cache | LRU | S3-FIFO | optimal |");
    System.out.println("|---|---|---|---|---|---|---|");
    ReplacementTraces.all(SEED).forEach(ReplacementStudy::print);
    Map<String, RecordedTrace> recorded = new LinkedHashMap<>(RecordedTrace.all());
    for (String file : files) {
      recorded.put(
          String.valueOf(Path.of(file).getFileName()),
          RecordedTrace.read(Files.newInputStream(Path.of(file))));
    }
    System.out.println();
    System.out.println(
        "| trace | accesses | chunks | cache | LRU | S3-FIFO | every use | no read-ahead | as built"
            + " | optimal |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|");
    recorded.forEach(ReplacementStudy::print);
  }

  private static void print(String name, int[] trace) {
    print(
        name,
        trace,
        capacity ->
            IntStream.of(lru(trace, capacity), s3fifo(trace, capacity), optimal(trace, capacity)));
  }

  private static void print(String name, RecordedTrace requests) {
    int[] trace = requests.chunks();
    print(
        name,
        trace,
        capacity ->
            IntStream.of(
                lru(trace, capacity),
                s3fifo(trace, capacity),
                RecordedReplay.hits(requests, capacity, Rule.EVERY_USE),
                RecordedReplay.hits(requests, capacity, Rule.NO_READ_AHEAD),
                RecordedReplay.hits(requests, capacity, Rule.AS_BUILT),
                optimal(trace, capacity)));
  }

  private static void print(String name, int[] trace, IntFunction<IntStream> hits) {
    int chunks = distinct(trace);
    String title = name + " | " + trace.length + " | " + chunks;
    for (double share : SIZES) {
      int capacity = Math.max(16, (int) (chunks * share));
      String cells =
          hits.apply(capacity).mapToObj(each -> percent(each, trace)).collect(joining(" | "));
      System.out.printf(Locale.ROOT, "| %s | %.0f %% | %s |%n", title, share * 100, cells);
      title = " | | ";
    }
  }

  private static String percent(int hits, int[] trace) {
    return String.format(Locale.ROOT, "%.1f", 100.0 * hits / trace.length);
  }

  static int distinct(int[] trace) {
    return (int) Arrays.stream(trace).distinct().count();
  }

  /// The hits of the cache's own code.
  static int s3fifo(int[] trace, int capacity) {
    ReplayedChunks chunks = new ReplayedChunks(capacity);
    int hits = 0;
    for (int name : trace) {
      int chunk = chunks.find(name);
      if (chunk >= 0) {
        chunks.used(chunk);
        hits++;
      } else {
        chunks.take(name);
      }
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
