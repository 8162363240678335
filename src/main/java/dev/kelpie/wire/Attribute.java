package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;

/// A VDI's attribute, as object and as payload of GET_VDI_ATTR (spec §1.12).
///
/// @param createTime of the VDI: seconds in the high 32 bits, nanoseconds in the low ones
/// @param snapId of the snapshot that it belongs to, 0 for the working VDI
/// @param value at most 65,536 bytes
public record Attribute(
    String name, String tag, long createTime, int snapId, String key, byte[] value) {
  /// Bytes on the wire and in the object.
  public static final int SIZE = ObjectId.ATTRIBUTE_SIZE;

  /// The most bytes of a value.
  public static final int VALUE_MAX = 65_536;

  private static final int TEXT_SIZE = 256;
  private static final int VALUE = 784;

  public Attribute {
    if (value.length > VALUE_MAX) {
      throw new IllegalArgumentException("an attribute of " + value.length + " bytes");
    }
  }

  /// Reads one.
  public static Attribute decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "attribute");
    int length = from.i32(524);
    if (length < 0 || length > VALUE_MAX) {
      throw new MalformedPayload("an attribute of " + Integer.toUnsignedLong(length) + " bytes");
    }
    return new Attribute(
        from.text(0, TEXT_SIZE),
        from.text(256, TEXT_SIZE),
        from.i64(512),
        from.i32(520),
        from.text(528, TEXT_SIZE),
        from.bytes(VALUE, length));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.text(0, TEXT_SIZE, name);
    to.text(256, TEXT_SIZE, tag);
    to.i64(512, createTime);
    to.i32(520, snapId);
    to.i32(524, value.length);
    to.text(528, TEXT_SIZE, key);
    to.bytes(VALUE, value);
  }
}
