package dev.kelpie.dog;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// The text of values (spec/cli.md §3.5, §12.1).
final class Values {
  private static final String[] UNITS = {" MB", " GB", " TB", " PB", " EB", " ZB", " YB"};
  private static final double STEP = 1024;
  private static final long HUNDRED = 100;

  private Values() {}

  /// A number of bytes for people: `0.0 MB`, `10 MB`, `1.5 GB`.
  static String size(long bytes) {
    double value = unsigned(bytes) / (STEP * STEP);
    int unit = 0;
    while (value >= STEP && unit < UNITS.length - 1) {
      value /= STEP;
      unit++;
    }
    return decimal(value, value >= 10 ? 0 : 1) + UNITS[unit];
  }

  /// A number of bytes for people, or in raw mode for programs.
  static String size(long bytes, boolean raw) {
    return raw ? Long.toUnsignedString(bytes) : size(bytes);
  }

  /// A number with this many decimals; exact halves of the binary value go to the even digit, as
  /// the C library has it.
  static String decimal(double value, int decimals) {
    return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
  }

  /// How much of a whole is used, cut to a whole number; 0 of nothing.
  static int percent(long used, long size) {
    return size == 0 ? 0 : (int) (unsigned(used) * HUNDRED / unsigned(size));
  }

  /// A VDI's id.
  static String vdi(int vid) {
    return Integer.toHexString(vid);
  }

  /// Two hexadecimal digits.
  static String hexByte(int value) {
    return (value < 0x10 ? "0" : "") + Integer.toHexString(value);
  }

  static String right(String text, int width) {
    StringBuilder padded = new StringBuilder();
    for (int i = text.length(); i < width; i++) {
      padded.append(' ');
    }
    return padded.append(text).toString();
  }

  static String right(long number, int width) {
    return right(Long.toString(number), width);
  }

  static String left(String text, int width) {
    StringBuilder padded = new StringBuilder(text);
    while (padded.length() < width) {
      padded.append(' ');
    }
    return padded.toString();
  }

  /// A number with zeros in front.
  static String digits(long number, int width) {
    StringBuilder padded = new StringBuilder();
    String text = Long.toString(number);
    for (int i = text.length(); i < width; i++) {
      padded.append('0');
    }
    return padded.append(text).toString();
  }

  private static double unsigned(long value) {
    return value >= 0 ? value : value + 0x1p64;
  }
}
