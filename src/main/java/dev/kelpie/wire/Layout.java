package dev.kelpie.wire;

import dev.kelpie.model.Invariant;
import dev.kelpie.model.VdiName;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A structure of fixed size in a buffer, addressed by the offsets of the spec. Opening one moves
/// the buffer's position behind it.
final class Layout {
  private final ByteBuffer buffer;
  private final int start;

  private Layout(ByteBuffer buffer, int start) {
    this.buffer = buffer;
    this.start = start;
  }

  /// The next `size` bytes, to be read.
  static Layout read(ByteBuffer buffer, int size, String name) throws MalformedPayload {
    if (buffer.remaining() < size) {
      throw new MalformedPayload(
          name + " needs " + size + " bytes, there are " + buffer.remaining());
    }
    return open(buffer, size);
  }

  /// The next `size` bytes, all set to 0, to be written.
  ///
  /// @throws BufferOverflowException where the buffer has no room
  static Layout write(ByteBuffer buffer, int size) {
    if (buffer.remaining() < size) {
      throw new BufferOverflowException();
    }
    Layout layout = open(buffer, size);
    int at = layout.start;
    int end = at + size;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      buffer.putLong(at, 0);
    }
    for (; at < end; at++) {
      buffer.put(at, (byte) 0);
    }
    return layout;
  }

  private static Layout open(ByteBuffer buffer, int size) {
    littleEndian(buffer);
    int start = buffer.position();
    buffer.position(start + size);
    return new Layout(buffer, start);
  }

  /// Stops everything where a buffer of the other byte order came in.
  static void littleEndian(ByteBuffer buffer) {
    Invariant.check(
        buffer.order() == ByteOrder.LITTLE_ENDIAN, "a buffer of the wire is little-endian");
  }

  int u8(int at) {
    return buffer.get(start + at) & 0xff;
  }

  int u16(int at) {
    return buffer.getShort(start + at) & 0xffff;
  }

  int i32(int at) {
    return buffer.getInt(start + at);
  }

  long i64(int at) {
    return buffer.getLong(start + at);
  }

  byte[] bytes(int at, int size) {
    byte[] bytes = new byte[size];
    buffer.get(start + at, bytes);
    return bytes;
  }

  /// A field of bytes that ends at the first NUL, or where there is none before its last byte. Each
  /// `char` stands for one byte.
  String text(int at, int size) {
    byte[] field = bytes(at, size);
    int length = 0;
    while (length < size - 1 && field[length] != 0) {
      length++;
    }
    return new String(field, 0, length, StandardCharsets.ISO_8859_1);
  }

  void u8(int at, int value) {
    buffer.put(start + at, (byte) value);
  }

  void u16(int at, int value) {
    buffer.putShort(start + at, (short) value);
  }

  void i32(int at, int value) {
    buffer.putInt(start + at, value);
  }

  void i64(int at, long value) {
    buffer.putLong(start + at, value);
  }

  void bytes(int at, byte[] bytes) {
    buffer.put(start + at, bytes);
  }

  /// Writes a text, cut so that a NUL remains.
  void text(int at, int size, String text) {
    byte[] field = VdiName.toField(text, size);
    field[size - 1] = 0;
    bytes(at, field);
  }
}
