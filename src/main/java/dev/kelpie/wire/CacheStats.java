package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The answer to CACHE_STATS, which is Kelpie's own (docs/protocol.md): 64 bytes about the cache,
/// then 128 bytes for each VDI.
///
/// @param on whether the cache serves
/// @param size the quota in bytes; 0 where there is no cache
/// @param used bytes of chunks in use
/// @param dirty bytes of chunks that have something dirty
/// @param dirtyMax the most that may be
public record CacheStats(
    boolean on, long size, long used, long dirty, long dirtyMax, List<Vdi> vdis) {
  /// Bytes before the first VDI.
  public static final int HEADER_SIZE = 64;

  /// Bytes of a VDI.
  public static final int VDI_SIZE = 128;

  /// Stands for "nothing is dirty" in the age.
  public static final long NOTHING_DIRTY = -1;

  /// The counters of one VDI since the start of the sheep; sizes in bytes.
  ///
  /// @param dirtyObjects that the store does not have as they are in the cache
  /// @param used of chunks
  /// @param oldestDirtyMillis [#NOTHING_DIRTY] where nothing is
  /// @param hits reads served from the cache
  /// @param misses reads that needed the store
  public record Vdi(
      int vdi,
      int dirtyObjects,
      long used,
      long valid,
      long dirty,
      long oldestDirtyMillis,
      long hits,
      long misses,
      long pulled,
      long readAhead,
      long pushed,
      long pushesFailed,
      long evicted,
      long damagedClean,
      long damagedDirty,
      long throttleWaits) {
    static Vdi decode(ByteBuffer in) throws MalformedPayload {
      Layout from = Layout.read(in, VDI_SIZE, "cache statistics of a VDI");
      return new Vdi(
          from.i32(0),
          from.i32(4),
          from.i64(8),
          from.i64(16),
          from.i64(24),
          from.i64(32),
          from.i64(40),
          from.i64(48),
          from.i64(56),
          from.i64(64),
          from.i64(72),
          from.i64(80),
          from.i64(88),
          from.i64(96),
          from.i64(104),
          from.i64(112));
    }

    void encode(ByteBuffer out) {
      Layout to = Layout.write(out, VDI_SIZE);
      to.i32(0, vdi);
      to.i32(4, dirtyObjects);
      to.i64(8, used);
      to.i64(16, valid);
      to.i64(24, dirty);
      to.i64(32, oldestDirtyMillis);
      to.i64(40, hits);
      to.i64(48, misses);
      to.i64(56, pulled);
      to.i64(64, readAhead);
      to.i64(72, pushed);
      to.i64(80, pushesFailed);
      to.i64(88, evicted);
      to.i64(96, damagedClean);
      to.i64(104, damagedDirty);
      to.i64(112, throttleWaits);
    }
  }

  public CacheStats {
    vdis = List.copyOf(vdis);
  }

  /// Bytes on the wire with so many VDIs.
  public static long size(int vdis) {
    return HEADER_SIZE + (long) vdis * VDI_SIZE;
  }

  /// Reads one.
  public static CacheStats decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, HEADER_SIZE, "cache statistics");
    int count = from.i32(4);
    if (count < 0 || count > in.remaining() / VDI_SIZE) {
      throw new MalformedPayload(
          "cache statistics of "
              + Integer.toUnsignedLong(count)
              + " VDIs in "
              + in.remaining()
              + " bytes");
    }
    List<Vdi> vdis = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      vdis.add(Vdi.decode(in));
    }
    return new CacheStats(
        from.i32(0) != 0, from.i64(8), from.i64(16), from.i64(24), from.i64(32), vdis);
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, HEADER_SIZE);
    to.i32(0, on ? 1 : 0);
    to.i32(4, vdis.size());
    to.i64(8, size);
    to.i64(16, used);
    to.i64(24, dirty);
    to.i64(32, dirtyMax);
    vdis.forEach(vdi -> vdi.encode(out));
  }
}
