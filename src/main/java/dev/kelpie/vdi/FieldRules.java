package dev.kelpie.vdi;

import static dev.kelpie.vdi.InodeLayout.COPY_POLICY;
import static dev.kelpie.vdi.InodeLayout.CREATE_TIME;
import static dev.kelpie.vdi.InodeLayout.FIELDS_END;
import static dev.kelpie.vdi.InodeLayout.NAME;
import static dev.kelpie.vdi.InodeLayout.SIZE_MAX;
import static dev.kelpie.vdi.InodeLayout.TAG;
import static dev.kelpie.vdi.InodeLayout.TEXT_SIZE;
import static dev.kelpie.vdi.InodeLayout.VDI_SIZE;
import static dev.kelpie.vdi.InodeLayout.VM_CLOCK;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Who may change which field of an inode (I22). Clients write headers whole, as they last saw
/// them, so what they say about a field that is not theirs means nothing.
///
/// * The tag, the VM clock and the VM state's size are the client's, in a working VDI. The tag of a
///   snapshot changes only by a write that aims at it.
/// * The size is the client's too, but it only grows: a smaller one is old knowledge.
/// * Everything else follows the coordination record.
final class FieldRules {
  private FieldRules() {}

  /// The fields with those of the servers as the record has them.
  static byte[] follow(byte[] fields, VdiRecord record) {
    byte[] right = InodeHeader.of(record, 0).encode();
    byte[] followed = fields.clone();
    System.arraycopy(right, NAME, followed, NAME, TEXT_SIZE);
    System.arraycopy(right, CREATE_TIME, followed, CREATE_TIME, VM_CLOCK - CREATE_TIME);
    System.arraycopy(right, COPY_POLICY, followed, COPY_POLICY, FIELDS_END - COPY_POLICY);
    return followed;
  }

  /// The fields after a client has written `from` at `offset` of the inode, which may reach beyond
  /// the fields.
  static byte[] merge(byte[] fields, int offset, ByteBuffer from, boolean frozen) {
    byte[] written = fields.clone();
    int length = Math.min(from.remaining(), FIELDS_END - offset);
    from.get(from.position(), written, offset, length);
    byte[] merged = fields.clone();
    boolean aimsAtTag = offset >= TAG && offset + length <= TAG + TEXT_SIZE;
    if (!frozen || aimsAtTag) {
      System.arraycopy(written, TAG, merged, TAG, TEXT_SIZE);
    }
    if (!frozen) {
      System.arraycopy(written, VM_CLOCK, merged, VM_CLOCK, COPY_POLICY - VM_CLOCK);
      long size = InodeHeader.decode(written).size();
      long before = InodeHeader.decode(fields).size();
      long allowed = size > before && size <= SIZE_MAX ? size : before;
      ByteBuffer.wrap(merged).order(ByteOrder.LITTLE_ENDIAN).putLong(VDI_SIZE, allowed);
    }
    return merged;
  }
}
