package dev.kelpie.store.disk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The first sixteen bytes that every one-sector header of the format shares: magic, version, and
/// the CRC of the sector with the CRC's own field 0. Every later version keeps them, so that an
/// older program can say what it met.
final class Header {
  /// The format version that this program reads and writes.
  static final int VERSION = 1;

  /// Where the fields of the single header begin.
  static final int FIELDS = 16;

  private static final int MAGIC_SIZE = 8;
  private static final int VERSION_AT = 8;
  private static final int CRC_AT = 12;

  private Header() {}

  /// A sector to be filled from [#FIELDS] on.
  static ByteBuffer begin(String magic) {
    ByteBuffer sector = ByteBuffer.allocate(Blocks.SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    return sector.put(padded(magic)).putInt(VERSION_AT, VERSION).position(FIELDS);
  }

  /// Sets the CRC of a filled sector and makes it ready to be read from its start.
  static ByteBuffer seal(ByteBuffer sector) {
    return sector.clear().putInt(CRC_AT, Checksum.crc(sector));
  }

  /// Checks the sector that starts at the buffer's position, which stays.
  ///
  /// @return a copy, at its position [#FIELDS]
  /// @throws BadFormat saying what is wrong
  static ByteBuffer check(ByteBuffer from, String magic) throws BadFormat {
    ByteBuffer sector = ByteBuffer.allocate(Blocks.SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    sector.put(from.slice(from.position(), Blocks.SECTOR)).clear();
    int crc = sector.getInt(CRC_AT);
    if (crc != Checksum.crc(sector.putInt(CRC_AT, 0))) {
      throw new BadFormat("its header does not match its checksum");
    }
    byte[] found = new byte[MAGIC_SIZE];
    sector.get(0, found);
    if (!Arrays.equals(found, padded(magic))) {
      throw new BadFormat("its header does not start with " + magic);
    }
    int version = sector.getInt(VERSION_AT);
    if (version != VERSION) {
      throw new BadFormat(
          "it has format version " + version + ", and this program knows only " + VERSION);
    }
    return sector.position(FIELDS);
  }

  private static byte[] padded(String magic) {
    return Arrays.copyOf(magic.getBytes(StandardCharsets.ISO_8859_1), MAGIC_SIZE);
  }
}
