package dev.kelpie.micro;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The checksum of a block, as the cache and the store make it of each block that passes.
@State(Scope.Thread)
public class BlockChecksum {
  private static final int BLOCK = 4096;

  private final ByteBuffer direct = ByteBuffer.allocateDirect(BLOCK);
  private final ByteBuffer heap = ByteBuffer.allocate(BLOCK);

  /// Blocks of noise, always the same.
  public BlockChecksum() {
    new Random(1).nextBytes(heap.array());
    direct.put(heap.duplicate());
  }

  @Benchmark
  public long crc32cOf4KiB() {
    return sum(direct.rewind());
  }

  @Benchmark
  public long crc32cOf4KiBOnHeap() {
    return sum(heap.rewind());
  }

  private static long sum(ByteBuffer block) {
    CRC32C crc = new CRC32C();
    crc.update(block);
    return crc.getValue();
  }
}
