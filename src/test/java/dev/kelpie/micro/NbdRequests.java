package dev.kelpie.micro;

import dev.kelpie.frontend.nbd.ParsedRequests;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What the NBD server does of a request before it asks the disk.
@State(Scope.Thread)
public class NbdRequests {
  private static final int BLOCK = 4096;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final short READ = 0;
  private static final int SIZE = 28;

  private final ParsedRequests parsed = new ParsedRequests(1L << 30);
  private final ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);

  /// A request to read is at hand.
  public NbdRequests() {
    bytes.putInt(REQUEST_MAGIC).putShort((short) 0).putShort(READ).putLong(1);
    bytes.putLong(8L * BLOCK).putInt(BLOCK);
  }

  /// Decodes and checks a read.
  @Benchmark
  public long parseRead() {
    return parsed.next(bytes.rewind());
  }
}
