package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;

/// The stream of `dog vdi backup`, little-endian (spec/cli.md §4.15): a header of 8 bytes, for each
/// object that differs a record of 16 bytes and its data, and a record that ends it.
final class BackupFormat {
  /// Bytes of the header: version and magic number.
  static final int HEADER_SIZE = 8;

  /// Bytes in front of the data of a record: index, offset, length, and 4 bytes without a meaning.
  static final int RECORD_SIZE = 16;

  /// Changes are cut to whole sectors.
  static final int SECTOR = 512;

  private static final int VERSION = 1;
  private static final int MAGIC = 0x11921192;
  private static final int END = -1;

  private BackupFormat() {}

  /// One part of an object.
  record Part(int index, int offset, int length) {
    /// The mark behind the last one.
    static final Part LAST = new Part(END, 0, 0);

    /// Whether it lies inside an object of a VDI with this many.
    boolean fits(int objects) {
      return index >= 0
          && index < objects
          && offset >= 0
          && length >= 0
          && length <= ObjectId.DATA_SIZE - offset;
    }

    ByteBuffer encode() {
      ByteBuffer record = SheepClient.allocate(RECORD_SIZE);
      return record.putInt(index).putInt(offset).putInt(length).putInt(0).flip();
    }

    static Part decode(ByteBuffer record) {
      return new Part(record.getInt(), record.getInt(), record.getInt());
    }
  }

  static ByteBuffer header() {
    return SheepClient.allocate(HEADER_SIZE).putInt(VERSION).putInt(MAGIC).flip();
  }

  /// Whether a stream begins as it must.
  static boolean isHeader(ByteBuffer header) {
    return header.remaining() == HEADER_SIZE && header.equals(header());
  }

  /// The part of an object that differs from an older one; of length 0 where none does.
  static Part difference(int index, ByteBuffer older, ByteBuffer newer) {
    int size = newer.remaining();
    int start = older.mismatch(newer);
    if (start < 0) {
      return new Part(index, 0, 0);
    }
    start -= start % SECTOR;
    int end = size;
    while (same(older, newer, end - SECTOR)) {
      end -= SECTOR;
    }
    return new Part(index, start, end - start);
  }

  private static boolean same(ByteBuffer older, ByteBuffer newer, int sector) {
    return older.slice(sector, SECTOR).mismatch(newer.slice(sector, SECTOR)) < 0;
  }
}
