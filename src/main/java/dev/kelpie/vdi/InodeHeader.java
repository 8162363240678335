package dev.kelpie.vdi;

import static dev.kelpie.vdi.InodeLayout.BLOCK_SHIFT;
import static dev.kelpie.vdi.InodeLayout.COPIES;
import static dev.kelpie.vdi.InodeLayout.COPY_POLICY;
import static dev.kelpie.vdi.InodeLayout.CREATE_TIME;
import static dev.kelpie.vdi.InodeLayout.FIELDS_END;
import static dev.kelpie.vdi.InodeLayout.NAME;
import static dev.kelpie.vdi.InodeLayout.PARENT;
import static dev.kelpie.vdi.InodeLayout.SNAP_ID;
import static dev.kelpie.vdi.InodeLayout.SNAP_TIME;
import static dev.kelpie.vdi.InodeLayout.STORE_POLICY;
import static dev.kelpie.vdi.InodeLayout.TAG;
import static dev.kelpie.vdi.InodeLayout.TEXT_SIZE;
import static dev.kelpie.vdi.InodeLayout.VDI_ID;
import static dev.kelpie.vdi.InodeLayout.VDI_SIZE;
import static dev.kelpie.vdi.InodeLayout.VM_CLOCK;
import static dev.kelpie.vdi.InodeLayout.VM_STATE_SIZE;

import dev.kelpie.model.VdiName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/// The fields at the start of an inode, as they are stored: nothing in them can be relied on, since
/// clients write them.
///
/// @param name empty where the VDI was deleted
/// @param createTime coded as by [#time]
/// @param snapTime coded as by [#time]; 0 in a working VDI
/// @param size of the VDI in bytes
/// @param parent the id of the VDI it was made from; 0 for none
record InodeHeader(
    String name,
    String tag,
    long createTime,
    long snapTime,
    long vmClock,
    long size,
    long vmStateSize,
    int copyPolicy,
    int storePolicy,
    int copies,
    int blockShift,
    int snapId,
    int vdi,
    int parent) {
  private static final int NANOS_PER_MICRO = 1000;

  /// The header of a VDI as it is when a record of it is made.
  static InodeHeader of(VdiRecord record, long size) {
    return new InodeHeader(
        record.name().value(),
        "",
        record.createTime(),
        record.snapTime(),
        0,
        size,
        0,
        record.copyPolicy(),
        0,
        record.copies(),
        InodeLayout.BLOCK_SHIFT_4M,
        record.snapId(),
        record.vdi().value(),
        record.parent());
  }

  /// Decodes the fields from the start of `bytes`, which has at least [InodeLayout#FIELDS_END].
  static InodeHeader decode(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return new InodeHeader(
        text(from, NAME),
        text(from, TAG),
        from.getLong(CREATE_TIME),
        from.getLong(SNAP_TIME),
        from.getLong(VM_CLOCK),
        from.getLong(VDI_SIZE),
        from.getLong(VM_STATE_SIZE),
        Byte.toUnsignedInt(from.get(COPY_POLICY)),
        Byte.toUnsignedInt(from.get(STORE_POLICY)),
        Byte.toUnsignedInt(from.get(COPIES)),
        Byte.toUnsignedInt(from.get(BLOCK_SHIFT)),
        from.getInt(SNAP_ID),
        from.getInt(VDI_ID),
        from.getInt(PARENT));
  }

  /// The fields as bytes, [InodeLayout#FIELDS_END] of them.
  byte[] encode() {
    ByteBuffer to = ByteBuffer.allocate(FIELDS_END).order(ByteOrder.LITTLE_ENDIAN);
    to.put(NAME, VdiName.toField(name, TEXT_SIZE)).put(TAG, VdiName.toField(tag, TEXT_SIZE));
    to.putLong(CREATE_TIME, createTime).putLong(SNAP_TIME, snapTime).putLong(VM_CLOCK, vmClock);
    to.putLong(VDI_SIZE, size).putLong(VM_STATE_SIZE, vmStateSize);
    to.put(COPY_POLICY, (byte) copyPolicy).put(STORE_POLICY, (byte) storePolicy);
    to.put(COPIES, (byte) copies).put(BLOCK_SHIFT, (byte) blockShift);
    to.putInt(SNAP_ID, snapId).putInt(VDI_ID, vdi).putInt(PARENT, parent);
    return to.array();
  }

  /// A moment as inodes have it: seconds in the upper 32 bits, nanoseconds, cut to microseconds, in
  /// the lower.
  static long time(Instant moment) {
    int nanos = moment.getNano() / NANOS_PER_MICRO * NANOS_PER_MICRO;
    return moment.getEpochSecond() << Integer.SIZE | nanos;
  }

  private static String text(ByteBuffer from, int offset) {
    byte[] field = new byte[TEXT_SIZE];
    from.get(offset, field);
    return VdiName.ofField(field);
  }
}
