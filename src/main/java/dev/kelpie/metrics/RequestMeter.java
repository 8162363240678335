package dev.kelpie.metrics;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Counts requests by their kind: how many, how long they took, their bytes, and how many failed.
/// Counting takes no lock and allocates nothing; any task may count.
///
/// @param <K> the kinds
public final class RequestMeter<K extends Enum<K>> {
  private final Map<K, KindMeter> meters;

  /// Nothing has happened yet.
  public RequestMeter(Class<K> kinds) {
    this.meters = new EnumMap<>(kinds);
    for (K kind : kinds.getEnumConstants()) {
      meters.put(kind, new KindMeter());
    }
  }

  /// A request was served.
  ///
  /// @param nanos from when it was read until its reply was ready
  /// @param bytes of the disk that went with it
  public void served(K kind, long nanos, long bytes) {
    meter(kind).count(nanos, bytes);
  }

  /// A request was answered with an error.
  ///
  /// @param nanos as for [#served]
  public void failed(K kind, long nanos) {
    KindMeter meter = meter(kind);
    meter.count(nanos, 0);
    meter.failures.increment();
  }

  /// The counts of every kind, in the order of their enum; not of one moment.
  public List<Reading> read() {
    return meters.entrySet().stream().map(e -> e.getValue().read(e.getKey().name())).toList();
  }

  private KindMeter meter(K kind) {
    return Objects.requireNonNull(meters.get(kind));
  }

  /// The counts of one kind.
  ///
  /// @param kind its name, as the enum has it
  /// @param requests that were answered, those that failed among them
  /// @param failures of them
  /// @param nanos that they took together
  /// @param buckets how many took at most [Durations#boundNanos] of that bucket and more than that
  ///   of the one before
  public record Reading(
      String kind, long requests, long failures, long bytes, long nanos, long[] buckets) {}
}
