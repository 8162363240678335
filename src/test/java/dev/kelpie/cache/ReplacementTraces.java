package dev.kelpie.cache;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Traces of accesses to chunks, made from a seed: what disks of virtual machines do, each kind
/// alone. An entry is the number of a chunk.
final class ReplacementTraces {
  private static final int LENGTH = 600_000;
  private static final int CHUNKS = 24_000;

  private final SplittableRandom chance;

  private ReplacementTraces(long seed) {
    this.chance = new SplittableRandom(seed);
  }

  /// All of them, by name.
  static Map<String, int[]> all(long seed) {
    Map<String, int[]> traces = new LinkedHashMap<>();
    traces.put("zipf 0.9", new ReplacementTraces(seed).zipf());
    traces.put("zipf + nightly scan", new ReplacementTraces(seed + 1).scans());
    traces.put("loop + zipf", new ReplacementTraces(seed + 2).loop());
    traces.put("boots of 20 guests", new ReplacementTraces(seed + 3).boots());
    traces.put("database", new ReplacementTraces(seed + 4).database());
    traces.put("shifting working set", new ReplacementTraces(seed + 5).shifting());
    return traces;
  }

  private int[] zipf() {
    Zipf zipf = new Zipf(CHUNKS, 0.9);
    int[] trace = new int[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      trace[i] = zipf.next();
    }
    return trace;
  }

  /// A skewed load, and every so often all of the disk once: backups, virus scanners.
  private int[] scans() {
    Zipf zipf = new Zipf(CHUNKS / 4, 0.9);
    int[] trace = new int[LENGTH];
    int period = LENGTH / 6;
    for (int i = 0; i < LENGTH; i++) {
      int within = i % period;
      boolean scanning = within >= period - 2 * CHUNKS && within % 2 == 0;
      trace[i] = scanning ? (within - (period - 2 * CHUNKS)) / 2 : zipf.next();
    }
    return trace;
  }

  /// Half of it goes round and round, which no recency helps with.
  private int[] loop() {
    Zipf zipf = new Zipf(CHUNKS / 2, 0.8);
    int round = CHUNKS / 4;
    int[] trace = new int[LENGTH];
    int at = 0;
    for (int i = 0; i < LENGTH; i++) {
      trace[i] = chance.nextBoolean() ? CHUNKS / 2 + at++ % round : zipf.next();
    }
    return trace;
  }

  /// Guests of one image that boot one after the other, each reading nearly the same runs in nearly
  /// the same order, with some reads again, and a part of its own.
  private int[] boots() {
    int guests = 20;
    int runs = 400;
    int[] starts = new int[runs];
    int[] lengths = new int[runs];
    for (int r = 0; r < runs; r++) {
      starts[r] = chance.nextInt(CHUNKS / 2);
      lengths[r] = 1 + chance.nextInt(32);
    }
    IntList trace = new IntList();
    for (int guest = 0; guest < guests; guest++) {
      int own = CHUNKS + guest * 2000;
      for (int r = 0; r < runs; r++) {
        int run = Math.min(runs - 1, Math.max(0, r + chance.nextInt(-3, 4)));
        for (int c = 0; chance.nextInt(10) > 0 && c < lengths[run]; c++) {
          trace.add(starts[run] + c);
        }
        for (int again = 0; again < 8; again++) {
          trace.add(starts[chance.nextInt(r + 1)]);
        }
        for (int c = 0; c < 8; c++) {
          trace.add(own + chance.nextInt(2000));
        }
      }
    }
    return trace.array();
  }

  /// The upper levels of an index, leaves, a log that is only appended, and range scans.
  private int[] database() {
    Zipf upper = new Zipf(200, 0.6);
    Zipf leaves = new Zipf(CHUNKS - 1000, 0.8);
    IntList trace = new IntList();
    int log = 0;
    while (trace.size() < LENGTH) {
      trace.add(upper.next());
      trace.add(1000 + leaves.next());
      if (chance.nextInt(4) == 0) {
        trace.add(1000 + leaves.next());
        trace.add(CHUNKS + log / 16);
        log++;
      }
      if (chance.nextInt(2000) == 0) {
        int from = 1000 + chance.nextInt(CHUNKS - 2000);
        for (int c = 0; c < 600; c++) {
          trace.add(from + c % (CHUNKS - from));
        }
      }
    }
    return trace.array();
  }

  /// What is hot moves on, a tenth at a time.
  private int[] shifting() {
    int hot = CHUNKS / 8;
    Zipf zipf = new Zipf(hot, 0.7);
    int[] trace = new int[LENGTH];
    int first = 0;
    for (int i = 0; i < LENGTH; i++) {
      if (i % 25_000 == 0) {
        first += hot / 10;
      }
      trace[i] = (first + zipf.next()) % CHUNKS;
    }
    return trace;
  }

  /// Numbers below `count`, some much more often than others, in no order.
  private final class Zipf {
    private final double[] upTo;
    private final int[] names;

    Zipf(int count, double skew) {
      upTo = new double[count];
      names = new int[count];
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += 1 / Math.pow(i + 1, skew);
        upTo[i] = sum;
        names[i] = i;
      }
      for (int i = count - 1; i > 0; i--) {
        int other = chance.nextInt(i + 1);
        int name = names[i];
        names[i] = names[other];
        names[other] = name;
      }
    }

    int next() {
      int found = java.util.Arrays.binarySearch(upTo, chance.nextDouble() * upTo[upTo.length - 1]);
      return names[Math.min(names.length - 1, found < 0 ? -found - 1 : found)];
    }
  }

  private static final class IntList {
    private int[] values = new int[1024];
    private int size;

    void add(int value) {
      if (size == values.length) {
        values = java.util.Arrays.copyOf(values, size * 2);
      }
      values[size++] = value;
    }

    int size() {
      return size;
    }

    int[] array() {
      return java.util.Arrays.copyOf(values, size);
    }
  }
}
