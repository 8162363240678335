package dev.kelpie.cache;

import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32C;

/// The header of the index, in two slots of which the newer whole one is in force.
///
/// @param sequence grows with every change
/// @param idHigh first half of the cache's random id
/// @param idLow second half
/// @param boot hash of the boot in which the files were last used
/// @param sealed whether a clean shutdown left them
/// @param chunks the capacity they were made for
record IndexHeader(long sequence, long idHigh, long idLow, long boot, boolean sealed, int chunks) {
  static final int VERSION = 3;

  private static final long MAGIC = 0x4843_4143_504C_454BL; // "KELPCACH"
  private static final int SLOT_SIZE = 512;
  private static final int LENGTH = 60;
  private static final int SUM = 56;

  /// The header in force; empty where neither slot is whole.
  ///
  /// @throws IOException where a whole slot is of another version or chunk size
  static Optional<IndexHeader> read(MappedBytes index) throws IOException {
    Optional<IndexHeader> first = readSlot(index, 0);
    Optional<IndexHeader> second = readSlot(index, 1);
    if (first.isPresent() && second.isPresent()) {
      return first.get().sequence > second.get().sequence ? first : second;
    }
    return first.isPresent() ? first : second;
  }

  /// Writes this header, as the next in sequence, over the slot that is not in force, and makes it
  /// durable.
  IndexHeader write(MappedBytes index) throws IOException {
    IndexHeader next = new IndexHeader(sequence + 1, idHigh, idLow, boot, sealed, chunks);
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH + 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(MAGIC).putInt(VERSION).putInt(IndexLayout.CHUNK_SIZE).putLong(next.sequence);
    bytes.putLong(idHigh).putLong(idLow).putLong(boot).putInt(sealed ? 1 : 0).putInt(chunks);
    bytes.putInt(sumOf(bytes));
    long at = (next.sequence % 2) * SLOT_SIZE;
    for (int i = 0; i < LENGTH; i += 4) {
      index.putInt(at + i, bytes.getInt(i));
    }
    index.sync(0, IndexLayout.INDEX_START);
    return next;
  }

  IndexHeader withSeal(boolean seal) {
    return new IndexHeader(sequence, idHigh, idLow, boot, seal, chunks);
  }

  /// The cache's id as the leases know it.
  String id() {
    return String.format("%016x%016x", idHigh, idLow);
  }

  private static Optional<IndexHeader> readSlot(MappedBytes index, int slot) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH + 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < LENGTH; i += 4) {
      bytes.putInt(index.getInt((long) slot * SLOT_SIZE + i));
    }
    if (bytes.getLong(0) != MAGIC || bytes.getInt(SUM) != sumOf(bytes)) {
      return Optional.empty();
    }
    if (bytes.getInt(8) != VERSION || bytes.getInt(12) != IndexLayout.CHUNK_SIZE) {
      throw new IOException(
          "cache index of version "
              + bytes.getInt(8)
              + " with chunks of "
              + bytes.getInt(12)
              + " bytes, not of version "
              + VERSION
              + " with "
              + IndexLayout.CHUNK_SIZE);
    }
    return Optional.of(
        new IndexHeader(
            bytes.getLong(16),
            bytes.getLong(24),
            bytes.getLong(32),
            bytes.getLong(40),
            bytes.getInt(48) == 1,
            bytes.getInt(52)));
  }

  private static int sumOf(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().position(0).limit(SUM));
    return (int) crc.getValue();
  }
}
