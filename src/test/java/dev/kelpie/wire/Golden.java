package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.function.Consumer;

/// A structure written down by hand: zeros, with hexadecimal bytes at the offsets of the spec.
final class Golden {
  private final byte[] bytes;

  private Golden(int size) {
    bytes = new byte[size];
  }

  static Golden zeros(int size) {
    return new Golden(size);
  }

  /// Puts bytes, with blanks between them where they read better.
  Golden at(int offset, String hex) {
    byte[] put = HexFormat.of().parseHex(hex.replace(" ", ""));
    System.arraycopy(put, 0, bytes, offset, put.length);
    return this;
  }

  Golden text(int offset, String text) {
    byte[] put = text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    System.arraycopy(put, 0, bytes, offset, put.length);
    return this;
  }

  ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Encodes into a buffer full of ones, with room behind, and compares.
  void assertEncodes(Consumer<ByteBuffer> encode) {
    byte[] dirty = new byte[bytes.length + 16];
    java.util.Arrays.fill(dirty, (byte) 0xff);
    ByteBuffer out = ByteBuffer.wrap(dirty).order(ByteOrder.LITTLE_ENDIAN);
    out.position(8);
    encode.accept(out);
    assertEquals(8 + bytes.length, out.position(), "position behind the structure");
    byte[] written = java.util.Arrays.copyOfRange(dirty, 8, 8 + bytes.length);
    assertEquals(HexFormat.of().formatHex(bytes), HexFormat.of().formatHex(written));
    for (int i = 8 + bytes.length; i < dirty.length; i++) {
      assertEquals((byte) 0xff, dirty[i], "byte behind the structure");
    }
  }
}
