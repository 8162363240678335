package dev.kelpie.metrics;

/// How durations are sorted into buckets: each is twice as wide as the one before, from 4.096
/// microseconds to 17 seconds, and the last has no end. A power of two of nanoseconds as the bound
/// makes finding the bucket a matter of one instruction.
public final class Durations {
  /// How many buckets there are.
  public static final int BUCKETS = 24;

  /// The first bound is 2^12 ns.
  private static final int FIRST_BITS = 12;

  private Durations() {}

  /// The longest duration of a bucket; [Long#MAX_VALUE] for the last.
  public static long boundNanos(int bucket) {
    return bucket == BUCKETS - 1 ? Long.MAX_VALUE : 1L << (FIRST_BITS + bucket);
  }

  /// The bucket of a duration.
  static int bucket(long nanos) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(Math.max(0, nanos - 1));
    return Math.clamp(bits - FIRST_BITS, 0, BUCKETS - 1);
  }
}
