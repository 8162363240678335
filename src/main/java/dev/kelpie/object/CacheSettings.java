package dev.kelpie.object;

/// How a disk uses the object cache, for as long as nobody says otherwise.
///
/// @param mode of clients that choose none
/// @param max the most bytes that the disk and its snapshots may take of the cache; 0 for no limit
/// @param min the bytes that other disks cannot take from it; 0 for none
public record CacheSettings(CacheMode mode, long max, long min) {
  /// The smallest quota: 1 MiB, so that a few requests at a time find room.
  public static final long MAX_LEAST = 1L << 20;

  /// Of a disk of which nothing was said.
  public static final CacheSettings DEFAULT = new CacheSettings(CacheMode.WRITEBACK, 0, 0);

  public CacheSettings {
    if (max < 0 || min < 0) {
      throw new IllegalArgumentException("sizes below 0: " + max + ", " + min);
    }
  }

  /// Whether quota and reservation can both be kept.
  public boolean isConsistent() {
    return max == 0 || (max >= MAX_LEAST && min <= max);
  }

  /// Whether there is a quota or a reservation.
  public boolean limitsSpace() {
    return max > 0 || min > 0;
  }

  /// The same with another mode.
  public CacheSettings withMode(CacheMode other) {
    return new CacheSettings(other, max, min);
  }

  /// The same with another quota.
  public CacheSettings withMax(long bytes) {
    return new CacheSettings(mode, bytes, min);
  }

  /// The same with another reservation.
  public CacheSettings withMin(long bytes) {
    return new CacheSettings(mode, max, bytes);
  }
}
