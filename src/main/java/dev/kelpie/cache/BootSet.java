package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Which blocks of a disk were read in the first minutes after it was opened, in that order
/// (docs/cache-format.md, "Boot sets"). A hint: it names places of the disk, whichever objects hold
/// them by then.
///
/// @param chunks numbers of 64 KiB of the disk, each once
/// @param blocks the blocks of each that were read, as a mask
record BootSet(int[] chunks, short[] blocks) {
  /// The most chunks: 256 MiB of disk, more than a system reads while it starts.
  static final int CHUNKS_MAX = 4096;

  /// How many objects a disk of the largest size has.
  static final int OBJECTS_OF_DISK = 1 << 20;

  /// How many chunks of 64 KiB one object has, and a disk of the largest size.
  static final int CHUNKS_PER_OBJECT = ObjectId.DATA_SIZE / IndexLayout.CHUNK_SIZE;

  static final int CHUNKS_OF_DISK = CHUNKS_PER_OBJECT * OBJECTS_OF_DISK;

  /// The largest file.
  static final int FILE_MAX = BootSet.HEADER + CHUNKS_MAX * BootSet.ENTRY + Integer.BYTES;

  private static final long MAGIC = 0x544F_4F42_504C_454BL; // "KELPBOOT"
  private static final int VERSION = 1;
  private static final int HEADER = 24;
  private static final int ENTRY = 8;

  int size() {
    return chunks.length;
  }

  /// How many blocks it names.
  int blockCount() {
    int count = 0;
    for (short mask : blocks) {
      count += Integer.bitCount(mask & BlockMask.ALL);
    }
    return count;
  }

  /// How many blocks both name.
  int inCommonWith(BootSet other) {
    Map<Integer, Integer> mine = new HashMap<>();
    for (int i = 0; i < size(); i++) {
      mine.put(chunks[i], (int) blocks[i]);
    }
    int count = 0;
    for (int i = 0; i < other.size(); i++) {
      int both = mine.getOrDefault(other.chunks[i], 0) & other.blocks[i] & BlockMask.ALL;
      count += Integer.bitCount(both);
    }
    return count;
  }

  /// The file's bytes.
  ByteBuffer encode(VdiId vdi) {
    int length = HEADER + size() * ENTRY + Integer.BYTES;
    ByteBuffer to = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    to.putLong(MAGIC).putInt(VERSION).putInt(vdi.value()).putInt(size()).putInt(0);
    for (int i = 0; i < size(); i++) {
      to.putInt(chunks[i]).putShort(blocks[i]).putShort((short) 0);
    }
    return to.putInt(sum(to)).flip();
  }

  /// Reads a file's bytes; empty where they are damaged, of another version, or another VDI's.
  static Optional<BootSet> decode(ByteBuffer bytes, VdiId vdi) {
    ByteBuffer from = bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (from.remaining() < HEADER + Integer.BYTES
        || from.getLong(0) != MAGIC
        || from.getInt(8) != VERSION
        || from.getInt(12) != vdi.value()) {
      return Optional.empty();
    }
    int count = from.getInt(16);
    int length = from.remaining();
    if (count < 0 || count > CHUNKS_MAX || length != HEADER + count * ENTRY + Integer.BYTES) {
      return Optional.empty();
    }
    from.position(length - Integer.BYTES);
    if (from.getInt(from.position()) != sum(from)) {
      return Optional.empty();
    }
    int[] chunks = new int[count];
    short[] blocks = new short[count];
    for (int i = 0; i < count; i++) {
      chunks[i] = from.getInt(HEADER + i * ENTRY);
      blocks[i] = from.getShort(HEADER + i * ENTRY + Integer.BYTES);
      if (chunks[i] < 0 || chunks[i] >= CHUNKS_OF_DISK || blocks[i] == 0) {
        return Optional.empty();
      }
    }
    return Optional.of(new BootSet(chunks, blocks));
  }

  /// The checksum of what lies before the buffer's position.
  private static int sum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().flip());
    return (int) crc.getValue();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BootSet set
        && Arrays.equals(chunks, set.chunks)
        && Arrays.equals(blocks, set.blocks);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(chunks) * 31 + Arrays.hashCode(blocks);
  }

  @Override
  public String toString() {
    return size() + " chunks, " + blockCount() + " blocks";
  }
}
