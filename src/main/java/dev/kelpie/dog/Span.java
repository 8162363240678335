package dev.kelpie.dog;

import java.util.Optional;

/// The part of a VDI that `dog vdi read` and `dog vdi write` were asked for.
///
/// @param offset of its first byte
/// @param end behind its last one, at most the end of the VDI
record Span(long offset, long end) {
  /// Reads `[<offset> [<len>]]`, before the VDI is known.
  static Span parse(Invocation in) throws WrongUsage {
    Optional<String> offset = in.nextArgument();
    Optional<String> length = in.nextArgument();
    long start = offset.isPresent() ? VdiCreate.parseSize(offset.get()) : 0;
    long count = length.isPresent() ? VdiCreate.parseSize(length.get()) : Long.MAX_VALUE;
    return new Span(start, count > Long.MAX_VALUE - start ? Long.MAX_VALUE : start + count);
  }

  /// The same cut at the end of the VDI.
  ///
  /// @param what the word for it in the message where it begins behind that end
  Span within(long size, String what) throws Failure {
    if (offset > size) {
      throw new Failure(ExitStatus.FAILURE, what + " offset is beyond the end of the VDI");
    }
    return new Span(offset, Math.min(end, size));
  }
}
