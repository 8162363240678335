package dev.kelpie.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The name of a VDI: 1 to 255 bytes, none of them 0. Names are bytes, not text: each `char` of the
/// value stands for one byte (ISO-8859-1), so that nothing is re-encoded on the way.
public record VdiName(String value) {
  /// The most bytes that a name or a tag may have; on the wire a NUL follows.
  public static final int LENGTH_MAX = 255;

  public VdiName {
    if (value.isEmpty() || value.length() > LENGTH_MAX) {
      throw new IllegalArgumentException("a VDI name has 1 to 255 bytes, not " + value.length());
    }
    if (value.chars().anyMatch(c -> c == 0 || c > 0xff)) {
      throw new IllegalArgumentException(
          "a VDI name holds a character that is not a byte: " + value);
    }
  }

  /// The name in a field that is padded with NULs; the whole field where there is no NUL, cut to
  /// [#LENGTH_MAX]. Empty where the field starts with NUL.
  public static String ofField(byte[] field) {
    int length = 0;
    while (length < Math.min(field.length, LENGTH_MAX) && field[length] != 0) {
      length++;
    }
    return new String(field, 0, length, StandardCharsets.ISO_8859_1);
  }

  /// A name or tag as a field of `size` bytes, padded with NULs.
  public static byte[] toField(String text, int size) {
    return Arrays.copyOf(text.getBytes(StandardCharsets.ISO_8859_1), size);
  }

  /// The bytes without a terminating NUL.
  public byte[] bytes() {
    return value.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public String toString() {
    return value;
  }
}
