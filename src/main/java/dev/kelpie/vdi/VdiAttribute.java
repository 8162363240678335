package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// A note that users attach to a name: the four parts that say which one it is, and its value
/// (spec/protocol-and-cache.md §1.12).
///
/// @param tag of the snapshot that it belongs to; empty for none
/// @param snapId of the snapshot that it belongs to; 0 for the working VDI
/// @param value at most 65,536 bytes
public record VdiAttribute(VdiName vdi, String tag, int snapId, String key, byte[] value) {
  /// Bytes of an attribute object in front of the value.
  static final int VALUE = 784;

  private static final int TEXT_SIZE = 256;
  private static final int TAG = 256;
  private static final int CREATE_TIME = 512;
  private static final int SNAP_ID = 520;
  private static final int VALUE_LENGTH = 524;
  private static final int KEY = 528;

  public VdiAttribute {
    if (value.length > ObjectId.ATTRIBUTE_SIZE - VALUE) {
      throw new IllegalArgumentException("an attribute of " + value.length + " bytes");
    }
  }

  /// The number with which the search for its object starts: the low 32 bits of one round of FNV-1a
  /// over name, tag, snapshot id and key, padding included.
  int firstNumber() {
    ByteBuffer parts =
        ByteBuffer.allocate(3 * TEXT_SIZE + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(VdiName.toField(vdi.value(), TEXT_SIZE))
            .put(VdiName.toField(tag, TEXT_SIZE))
            .putInt(snapId)
            .put(VdiName.toField(key, TEXT_SIZE));
    return (int) SheepHash.fnv1a(parts.array());
  }

  /// Whether an object that starts with these [#VALUE] bytes is this attribute, whatever its value.
  boolean isIn(byte[] head) {
    byte[] own = head(0);
    return same(own, head, 0, CREATE_TIME)
        && same(own, head, SNAP_ID, VALUE_LENGTH)
        && same(own, head, KEY, VALUE);
  }

  /// The object, as far as it is not zeros.
  ///
  /// @param createTime of the VDI
  byte[] encode(long createTime) {
    byte[] bytes = Arrays.copyOf(head(createTime), VALUE + value.length);
    System.arraycopy(value, 0, bytes, VALUE, value.length);
    return bytes;
  }

  private byte[] head(long createTime) {
    ByteBuffer head = ByteBuffer.allocate(VALUE).order(ByteOrder.LITTLE_ENDIAN);
    head.put(0, VdiName.toField(vdi.value(), TEXT_SIZE));
    head.put(TAG, VdiName.toField(tag, TEXT_SIZE));
    head.putLong(CREATE_TIME, createTime).putInt(SNAP_ID, snapId);
    head.putInt(VALUE_LENGTH, value.length);
    return head.put(KEY, VdiName.toField(key, TEXT_SIZE)).array();
  }

  private static boolean same(byte[] one, byte[] other, int from, int to) {
    return Arrays.equals(one, from, to, other, from, to);
  }
}
