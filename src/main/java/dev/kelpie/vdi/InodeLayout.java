package dev.kelpie.vdi;

/// Where things lie in an inode object (spec/protocol-and-cache.md §1.12). Little-endian.
final class InodeLayout {
  static final int NAME = 0;
  static final int TAG = 256;
  static final int TEXT_SIZE = 256;
  static final int CREATE_TIME = 512;
  static final int SNAP_TIME = 520;
  static final int VM_CLOCK = 528;
  static final int VDI_SIZE = 536;
  static final int VM_STATE_SIZE = 544;
  static final int COPY_POLICY = 552;
  static final int STORE_POLICY = 553;
  static final int COPIES = 554;
  static final int BLOCK_SHIFT = 555;
  static final int SNAP_ID = 556;
  static final int VDI_ID = 560;
  static final int PARENT = 564;
  static final int BTREE_COUNTER = 568;

  /// Where the fields end and the unused part of the header begins.
  static final int FIELDS_END = 572;

  /// Where the object map begins: for each data object the id of the VDI that owns it, 0 for a
  /// hole.
  static final int ENTRIES = 4664;

  static final int ENTRY_SIZE = Integer.BYTES;
  static final int ENTRY_COUNT = 1 << 20;
  static final int ENTRIES_END = ENTRIES + ENTRY_COUNT * ENTRY_SIZE;

  /// `block_size_shift` of objects of 4 MiB, the only size there is.
  static final int BLOCK_SHIFT_4M = 22;

  /// The largest VDI that the object map can describe.
  static final long SIZE_MAX = (long) ENTRY_COUNT << BLOCK_SHIFT_4M;

  private InodeLayout() {}

  /// The offset of an entry of the object map.
  static int entry(int index) {
    return ENTRIES + index * ENTRY_SIZE;
  }
}
