package dev.kelpie.frontend.nbd;

import dev.kelpie.testing.MemoryVdi;
import java.nio.ByteBuffer;
import java.util.List;

/// What is done of each request before the disk is asked: its header decoded, and checked at the
/// border. For measuring it by itself.
public final class ParsedRequests {
  private final RequestHeader header = new RequestHeader(Framing.STRUCTURED);
  private final Border border;

  /// Requests to a disk of this size.
  public ParsedRequests(long size) {
    MemoryVdi disk = new MemoryVdi("memory", size);
    border = new Border(disk.device(), "memory", Framing.STRUCTURED, List.of());
  }

  /// Takes the next request, which has to be a good one.
  ///
  /// @return its offset
  public long next(ByteBuffer in) {
    header.decode(in);
    if (!header.isRequest() || border.check(header).isPresent()) {
      throw new IllegalArgumentException("not a good request");
    }
    return header.offset();
  }
}
