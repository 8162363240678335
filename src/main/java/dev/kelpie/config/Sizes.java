package dev.kelpie.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes in bytes as people write them: `10G`, `1.5t`, `4096`.
public final class Sizes {
  private static final Pattern SIZE =
      Pattern.compile("(\\+?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)([BbKkMmGgTtPp]?)");
  private static final String UNITS = "BKMGTP";
  private static final double BYTES_END = 0x1p63;

  private Sizes() {}

  /// Reads a decimal number, with a fraction if need be, and at most one letter; what remains of
  /// the product below one byte is cut off.
  ///
  /// @throws BadValue with the two lines that both programs print
  public static long parse(String text) throws BadValue {
    Matcher match = SIZE.matcher(text);
    if (match.matches()) {
      String unit = match.group(2).toUpperCase(java.util.Locale.ROOT);
      int power = unit.isEmpty() ? 0 : UNITS.indexOf(unit);
      double bytes = Math.scalb(Double.parseDouble(match.group(1)), 10 * power);
      if (bytes < BYTES_END) {
        return (long) bytes;
      }
    }
    throw new BadValue(
        "Invalid size '"
            + text
            + "'\nYou may use B, K, M, G, T or P suffixes for bytes, kilobytes, megabytes,"
            + " gigabytes, terabytes and petabytes.");
  }
}
