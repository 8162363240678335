package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The bytes of the chunks, with the checksum of each block in the [ChunkTable]. A block is read
/// only together with its checksum. Whoever calls holds the lock of the object's [Stripe], so that
/// no write can look like damage.
final class Slab {
  private final DiskFile file;
  private final ChunkTable table;

  Slab(DiskFile file, ChunkTable table) {
    this.file = file;
    this.table = table;
  }

  /// Reads whole blocks into the buffer, from `block` until it is full (the object's last block may
  /// be short), and checks them. What is longer than the chunk is in those behind it.
  ///
  /// @return the first block that does not match its checksum, counted from the start of the chunk;
  ///   -1 where all do
  int read(int chunk, int block, ByteBuffer into) throws CacheFault {
    int start = into.position();
    try {
      int wanted = into.remaining();
      if (file.read(into, IndexLayout.slabOffset(chunk) + (long) block * BLOCK_SIZE) != wanted) {
        throw new IOException("the slab is shorter than its index says");
      }
    } catch (IOException e) {
      throw new CacheFault("reading chunk " + chunk, e);
    }
    return firstDamaged(chunk, block, into.position(start));
  }

  /// Writes whole blocks from the buffer and records their checksums. The caller sets the masks.
  void write(int chunk, int block, ByteBuffer from) throws CacheFault {
    int start = from.position();
    try {
      file.write(from, IndexLayout.slabOffset(chunk) + (long) block * BLOCK_SIZE);
    } catch (IOException e) {
      throw new CacheFault("writing chunk " + chunk, e);
    }
    CRC32C crc = new CRC32C();
    int end = from.limit();
    from.position(start);
    for (int b = block; from.position() < end; b++) {
      table.sum(chunk, b, sum(crc, from, end) ^ table.seed(chunk, b));
    }
  }

  /// Records the checksum of a block as its bytes are now. The buffer is as long as the block.
  void resum(int chunk, int block, ByteBuffer scratch) throws CacheFault {
    try {
      file.read(scratch, IndexLayout.slabOffset(chunk) + (long) block * BLOCK_SIZE);
    } catch (IOException e) {
      throw new CacheFault("reading chunk " + chunk, e);
    }
    scratch.flip();
    int sum = sum(new CRC32C(), scratch, scratch.limit());
    table.sum(chunk, block, sum ^ table.seed(chunk, block));
  }

  private int firstDamaged(int chunk, int block, ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    int end = bytes.limit();
    for (int b = block; bytes.position() < end; b++) {
      int at = chunk + b / BLOCKS_PER_CHUNK;
      int inChunk = b % BLOCKS_PER_CHUNK;
      if ((sum(crc, bytes, end) ^ table.seed(at, inChunk)) != table.sum(at, inChunk)) {
        bytes.position(end);
        return b;
      }
    }
    return -1;
  }

  /// Sums the next block, and goes on behind it. The caller's own buffer is used, since a duplicate
  /// would be the only object of a hit.
  private static int sum(CRC32C crc, ByteBuffer bytes, int end) {
    bytes.limit(Math.min(end, bytes.position() + BLOCK_SIZE));
    crc.reset();
    crc.update(bytes);
    bytes.limit(end);
    return (int) crc.getValue();
  }
}
