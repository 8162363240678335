package dev.kelpie.config;

import java.util.OptionalLong;

/// Whole decimal numbers.
public final class Numbers {
  private static final int DIGITS_MAX = 18;

  private Numbers() {}

  /// Reads a number: digits and nothing else.
  ///
  /// @return empty where it is none, or not between `min` and `max`; every option has its own text
  ///   for that
  public static OptionalLong parse(String text, long min, long max) {
    if (text.isEmpty()
        || text.length() > DIGITS_MAX
        || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.empty();
    }
    long number = Long.parseLong(text);
    return number < min || number > max ? OptionalLong.empty() : OptionalLong.of(number);
  }

  /// Reads a TCP port, 1 to 65535.
  public static OptionalLong port(String text) {
    return parse(text, 1, 65_535);
  }
}
