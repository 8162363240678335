package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The first 4664 bytes of a VDI object, which lists, snapshots and resizes read and write (spec
/// §1.12).
///
/// @param name empty where the VDI is deleted
/// @param tag of a snapshot
/// @param createTime seconds in the high 32 bits, nanoseconds in the low ones
/// @param snapTime likewise; 0 for a working VDI
/// @param vmClock nanoseconds
/// @param size of the VDI, in bytes
/// @param vmStateSize in bytes
/// @param storePolicy 0 array, 1 btree
/// @param vdi own id
/// @param parent 0 for none
public record InodeHeader(
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
    int blockSizeShift,
    int snapId,
    int vdi,
    int parent,
    int btreeCounter) {
  /// Bytes on the wire.
  public static final int SIZE = 4664;

  /// Where the tag lies.
  public static final int TAG_OFFSET = 256;

  /// Where the size of the VDI lies, 8 bytes.
  public static final int SIZE_OFFSET = 536;

  /// Where the object map begins: for each object the id of the VDI that owns it, 4 bytes, 0 for a
  /// hole.
  public static final int MAP_OFFSET = SIZE;

  /// How many objects the map can name.
  public static final int MAP_ENTRIES = 1 << 20;

  /// Where the references begin: for each object a generation and a count, 4 bytes each.
  public static final int REFERENCES_OFFSET = MAP_OFFSET + MAP_ENTRIES * Integer.BYTES;

  private static final int TEXT_SIZE = 256;

  /// Reads one.
  public static InodeHeader decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "inode header");
    return new InodeHeader(
        from.text(0, TEXT_SIZE),
        from.text(TAG_OFFSET, TEXT_SIZE),
        from.i64(512),
        from.i64(520),
        from.i64(528),
        from.i64(SIZE_OFFSET),
        from.i64(544),
        from.u8(552),
        from.u8(553),
        from.u8(554),
        from.u8(555),
        from.i32(556),
        from.i32(560),
        from.i32(564),
        from.i32(568));
  }

  /// Writes it; the 4092 bytes that old releases kept children in are 0.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.text(0, TEXT_SIZE, name);
    to.text(TAG_OFFSET, TEXT_SIZE, tag);
    to.i64(512, createTime);
    to.i64(520, snapTime);
    to.i64(528, vmClock);
    to.i64(SIZE_OFFSET, size);
    to.i64(544, vmStateSize);
    to.u8(552, copyPolicy);
    to.u8(553, storePolicy);
    to.u8(554, copies);
    to.u8(555, blockSizeShift);
    to.i32(556, snapId);
    to.i32(560, vdi);
    to.i32(564, parent);
    to.i32(568, btreeCounter);
  }

  /// Whether it is frozen.
  public boolean snapshot() {
    return snapTime != 0;
  }

  /// How its objects are kept.
  public Redundancy redundancy() {
    return new Redundancy(copies, copyPolicy);
  }
}
