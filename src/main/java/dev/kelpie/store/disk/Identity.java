package dev.kelpie.store.disk;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/// What a disk directory is (docs/disk-format.md §1.1).
///
/// @param disk this disk's own id
/// @param store the id that all disks of a store share
/// @param disks how many the store had when this was written
record Identity(UUID disk, UUID store, int disks) {
  private static final String MAGIC = "KELPDISK";
  private static final int COPY_AT = 4096;
  private static final int LENGTH = COPY_AT + Blocks.SECTOR;

  /// Both copies, as the file has them.
  ByteBuffer encode() {
    ByteBuffer sector = Header.begin(MAGIC);
    put(sector, disk);
    put(sector, store);
    sector.putInt(disks);
    Header.seal(sector);
    return ByteBuffer.allocate(LENGTH)
        .put(0, sector, 0, Blocks.SECTOR)
        .put(COPY_AT, sector, 0, Blocks.SECTOR);
  }

  /// Reads the identity file.
  ///
  /// @throws IOException naming the file, what is wrong with it and the way out
  static Identity read(Disk disk, Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
    try (DiskFile open = disk.openReadOnly(file)) {
      open.read(bytes, 0);
    }
    bytes.clear();
    try {
      return decode(bytes);
    } catch (BadFormat first) {
      try {
        return decode(bytes.position(COPY_AT));
      } catch (BadFormat _) {
        throw new IOException(
            file
                + " is not the identity of a disk that this program can use: "
                + first.what()
                + "; nothing was changed; name another directory, use the release that made it, or"
                + " restore the file from a copy",
            first);
      }
    }
  }

  private static Identity decode(ByteBuffer bytes) throws BadFormat {
    ByteBuffer sector = Header.check(bytes, MAGIC);
    UUID disk = id(sector);
    return new Identity(disk, id(sector), sector.getInt());
  }

  static void put(ByteBuffer into, UUID id) {
    into.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }

  static UUID id(ByteBuffer from) {
    long high = from.getLong();
    return new UUID(high, from.getLong());
  }
}
