package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The answer to CHECK_CACHE, which is Kelpie's own (docs/protocol.md): what one step of a check
/// found, in blocks of 4 KiB.
///
/// @param next where the next step begins; [#END] where this was the last
/// @param checked read, and compared with their checksums
/// @param damagedClean that did not match and were dropped, to be fetched again
/// @param damagedDirty that did not match and are not in the store; they were left alone
/// @param differing that were not as the store has them, and were dropped
/// @param unread whose counterpart in the store could not be read
public record CacheCheck(
    long next, long checked, long damagedClean, long damagedDirty, long differing, long unread) {
  /// Bytes on the wire.
  public static final int SIZE = 64;

  /// There is no next step.
  public static final long END = -1;

  /// Reads one.
  public static CacheCheck decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "cache check");
    return new CacheCheck(
        from.i64(0), from.i64(8), from.i64(16), from.i64(24), from.i64(32), from.i64(40));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i64(0, next);
    to.i64(8, checked);
    to.i64(16, damagedClean);
    to.i64(24, damagedDirty);
    to.i64(32, differing);
    to.i64(40, unread);
  }

  /// The results of both, and the end of the other.
  public CacheCheck plus(CacheCheck later) {
    return new CacheCheck(
        later.next,
        checked + later.checked,
        damagedClean + later.damagedClean,
        damagedDirty + later.damagedDirty,
        differing + later.differing,
        unread + later.unread);
  }
}
