package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The checksums of the disk format (docs/disk-format.md §2).
final class Checksum {
  /// The table entry of a block that reads as zeros.
  static final int HOLE = 0;

  /// The table entry of a block whose bytes are known to be gone.
  static final int LOST = 1;

  /// The number under which the first sector of the table is summed.
  static final int TABLE = 0x8000_0000;

  private static final int SPECIAL = 0x8000_0000;

  private Checksum() {}

  /// What the checksums of one file depend on besides the bytes.
  static long seed(ObjectId object, long incarnation) {
    return mix(mix(object.value()) ^ incarnation);
  }

  /// The checksum of what remains in `bytes`, whose position stays. Never [#HOLE] or [#LOST].
  static int of(long seed, int number, ByteBuffer bytes) {
    int sum = crc(bytes) ^ (int) (mix(seed + Integer.toUnsignedLong(number)) >>> 32);
    return sum == HOLE || sum == LOST ? sum | SPECIAL : sum;
  }

  /// Plain CRC-32C of what remains in the buffers, whose positions stay.
  static int crc(ByteBuffer... parts) {
    CRC32C crc = new CRC32C();
    for (ByteBuffer part : parts) {
      crc.update(part.duplicate());
    }
    return (int) crc.getValue();
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
