package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The payload of CACHE_SETTINGS, an operation of Kelpie's own: how a disk uses the object cache.
/// Sizes are in bytes.
///
/// @param changes in a request, which of the next three to change; 0 in an answer
/// @param mode [#WRITEBACK], [#WRITETHROUGH] or [#NONE]
/// @param max that the disk and its snapshots may take; 0 for no limit
/// @param min that is reserved for them; 0 for nothing
/// @param used that they take now; 0 in a request, as the rest
/// @param cacheSize of the whole cache; 0 where there is none
/// @param reservable by all disks together
/// @param reservedByOthers by other disks
public record DiskCache(
    int changes,
    int mode,
    long max,
    long min,
    long used,
    long cacheSize,
    long reservable,
    long reservedByOthers) {
  /// Bytes on the wire.
  public static final int SIZE = 56;

  /// A mode: answered from the cache.
  public static final int WRITEBACK = 0;

  /// A mode: to cache and store before the answer.
  public static final int WRITETHROUGH = 1;

  /// A mode: to the store, nothing new is kept.
  public static final int NONE = 2;

  /// In `changes`: the mode.
  public static final int MODE = 1;

  /// In `changes`: the quota.
  public static final int MAX = 2;

  /// In `changes`: the reservation.
  public static final int MIN = 4;

  /// A request for a change.
  public static DiskCache change(int changes, int mode, long max, long min) {
    return new DiskCache(changes, mode, max, min, 0, 0, 0, 0);
  }

  /// Whether a part is to be changed.
  public boolean changes(int part) {
    return (changes & part) != 0;
  }

  /// Reads one.
  public static DiskCache decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "cache settings");
    return new DiskCache(
        from.i32(0),
        from.i32(4),
        from.i64(8),
        from.i64(16),
        from.i64(24),
        from.i64(32),
        from.i64(40),
        from.i64(48));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i32(0, changes);
    to.i32(4, mode);
    to.i64(8, max);
    to.i64(16, min);
    to.i64(24, used);
    to.i64(32, cacheSize);
    to.i64(40, reservable);
    to.i64(48, reservedByOthers);
  }
}
