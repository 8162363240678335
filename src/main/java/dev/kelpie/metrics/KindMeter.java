package dev.kelpie.metrics;

import java.util.concurrent.atomic.LongAdder;

/// The counters of one kind of request.
final class KindMeter {
  final LongAdder failures = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAdder[] buckets = new LongAdder[Durations.BUCKETS];

  KindMeter() {
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = new LongAdder();
    }
  }

  void count(long took, long moved) {
    buckets[Durations.bucket(took)].increment();
    nanos.add(took);
    if (moved != 0) {
      bytes.add(moved);
    }
  }

  RequestMeter.Reading read(String kind) {
    long[] counts = new long[buckets.length];
    long requests = 0;
    for (int i = 0; i < counts.length; i++) {
      counts[i] = buckets[i].sum();
      requests += counts[i];
    }
    return new RequestMeter.Reading(
        kind, requests, failures.sum(), bytes.sum(), nanos.sum(), counts);
  }
}
