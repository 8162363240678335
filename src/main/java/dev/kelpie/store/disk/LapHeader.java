package dev.kelpie.store.disk;

import java.nio.ByteBuffer;
import java.util.UUID;

/// The header of a segment of the log (docs/disk-format.md §3).
///
/// @param lap that fills the segment, or will fill it next
/// @param first lap that a replay needs, as far as this header knows
record LapHeader(UUID disk, int lap, int first) {
  /// Length of both copies together with what lies between.
  static final int LENGTH = 4096 + Blocks.SECTOR;

  private static final String MAGIC = "KELPLOG";
  private static final int COPY_AT = 4096;

  /// Both copies, as the file has them.
  ByteBuffer encode() {
    ByteBuffer sector = Header.begin(MAGIC);
    Identity.put(sector, disk);
    sector.putInt(lap).putInt(first);
    Header.seal(sector);
    return ByteBuffer.allocate(LENGTH)
        .put(0, sector, 0, Blocks.SECTOR)
        .put(COPY_AT, sector, 0, Blocks.SECTOR);
  }

  /// The newer of the copies that are whole.
  ///
  /// @param bytes at least [#LENGTH] of them from its position on
  /// @throws BadFormat where none is
  static LapHeader decode(ByteBuffer bytes) throws BadFormat {
    LapHeader first;
    try {
      first = decodeOne(bytes);
    } catch (BadFormat _) {
      return decodeOne(bytes.duplicate().position(bytes.position() + COPY_AT));
    }
    try {
      LapHeader second = decodeOne(bytes.duplicate().position(bytes.position() + COPY_AT));
      return second.lap > first.lap ? second : first;
    } catch (BadFormat _) {
      return first;
    }
  }

  private static LapHeader decodeOne(ByteBuffer bytes) throws BadFormat {
    ByteBuffer sector = Header.check(bytes, MAGIC);
    return new LapHeader(Identity.id(sector), sector.getInt(), sector.getInt());
  }
}
