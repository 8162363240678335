package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The payload that names a VDI: 256 bytes of name, or 512 of name and tag (spec §1.6). Empty texts
/// are allowed here; texts of 256 bytes without a NUL are cut to 255.
public record NameAndTag(String name, String tag) {
  /// Bytes of each of the two fields.
  public static final int NAME_SIZE = 256;

  /// Bytes of both.
  public static final int SIZE = 2 * NAME_SIZE;

  /// Reads a payload of 256 bytes or of 512; a tag that is not there is empty.
  public static NameAndTag decode(ByteBuffer payload) throws MalformedPayload {
    int size = payload.remaining();
    if (size != NAME_SIZE && size != SIZE) {
      throw new MalformedPayload("a VDI is named by 256 or 512 bytes, not by " + size);
    }
    Layout in = Layout.read(payload, size, "name");
    return new NameAndTag(in.text(0, NAME_SIZE), size == SIZE ? in.text(NAME_SIZE, NAME_SIZE) : "");
  }

  /// Writes name and tag, 512 bytes.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.text(0, NAME_SIZE, name);
    to.text(NAME_SIZE, NAME_SIZE, tag);
  }

  /// Writes the name alone, 256 bytes, as NEW_VDI wants it.
  public void encodeName(ByteBuffer out) {
    Layout.write(out, NAME_SIZE).text(0, NAME_SIZE, name);
  }
}
