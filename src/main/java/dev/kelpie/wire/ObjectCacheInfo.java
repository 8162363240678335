package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The answer to GET_CACHE_INFO (`object_cache_info`; spec §1.7).
///
/// @param size the quota, in bytes
/// @param used in bytes
/// @param vdis at most 1024
/// @param directIo whether the cache goes past the page cache
public record ObjectCacheInfo(long size, long used, List<CachedVdi> vdis, boolean directIo) {
  /// Bytes on the wire.
  public static final int SIZE = 12_312;

  /// How many VDIs it can name.
  public static final int VDIS_MAX = 1024;

  private static final int VDIS = 16;
  private static final int ENTRY_SIZE = 12;

  /// What of a VDI is cached.
  ///
  /// @param dirty how many objects with something dirty
  /// @param total how many objects with something cached
  public record CachedVdi(int vdi, int dirty, int total) {}

  public ObjectCacheInfo {
    vdis = List.copyOf(vdis);
    if (vdis.size() > VDIS_MAX) {
      throw new IllegalArgumentException(vdis.size() + " VDIs in a cache info for " + VDIS_MAX);
    }
  }

  /// Reads one.
  public static ObjectCacheInfo decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "cache info");
    int count = from.i32(12_304);
    if (count < 0 || count > VDIS_MAX) {
      throw new MalformedPayload("a cache info that names " + count + " VDIs");
    }
    List<CachedVdi> vdis = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = VDIS + i * ENTRY_SIZE;
      vdis.add(new CachedVdi(from.i32(at), from.i32(at + 4), from.i32(at + 8)));
    }
    return new ObjectCacheInfo(from.i64(0), from.i64(8), vdis, from.u8(12_308) != 0);
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i64(0, size);
    to.i64(8, used);
    for (int i = 0; i < vdis.size(); i++) {
      int at = VDIS + i * ENTRY_SIZE;
      to.i32(at, vdis.get(i).vdi());
      to.i32(at + 4, vdis.get(i).dirty());
      to.i32(at + 8, vdis.get(i).total());
    }
    to.i32(12_304, vdis.size());
    to.u8(12_308, directIo ? 1 : 0);
  }
}
