package dev.kelpie.dog;

import dev.kelpie.config.BadValue;
import dev.kelpie.config.Sizes;

/// The part of a VDI that `dog vdi read` and `dog vdi write` were asked for.
///
/// @param offset of its first byte
/// @param end behind its last one, at most the end of the VDI
record Span(long offset, long end) {
  /// Reads `[<offset> [<len>]]`, before the VDI is known.
  static Span parse(Invocation in) throws WrongUsage {
    long start = in.nextSize().orElse(0);
    long count = in.nextSize().orElse(Long.MAX_VALUE);
    return new Span(start, count > Long.MAX_VALUE - start ? Long.MAX_VALUE : start + count);
  }

  /// Reads `OFFSET[:LENGTH]`, sizes with or without a unit; all where it is empty.
  static Span parse(String range) throws WrongUsage {
    if (range.isEmpty()) {
      return new Span(0, Long.MAX_VALUE);
    }
    int colon = range.indexOf(':');
    long start = size(colon < 0 ? range : range.substring(0, colon));
    long count = colon < 0 ? Long.MAX_VALUE : size(range.substring(colon + 1));
    return new Span(start, count > Long.MAX_VALUE - start ? Long.MAX_VALUE : start + count);
  }

  private static long size(String text) throws WrongUsage {
    try {
      return Sizes.parse(text);
    } catch (BadValue e) {
      throw new WrongUsage(String.valueOf(e.getMessage()).lines().toArray(String[]::new));
    }
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
