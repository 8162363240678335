package dev.kelpie.model;

/// The 64-bit id (oid) of an object: the kind in the top bits, the VDI in bits 32-55, the index in
/// bits 0-31 (spec/protocol-and-cache.md §1.11).
public record ObjectId(long value) implements Comparable<ObjectId> {
  /// Size in bytes of data, VM-state, btree and ledger objects.
  public static final int DATA_SIZE = 4 << 20;

  /// Size in bytes of a VDI object (inode) of release 0.9.
  public static final int INODE_SIZE = 12_587_576;

  /// Size in bytes of an attribute object.
  public static final int ATTRIBUTE_SIZE = 66_320;

  private static final long INODE_BIT = 1L << 63;
  private static final long VM_STATE_BIT = 1L << 62;
  private static final long ATTRIBUTE_BIT = 1L << 61;
  private static final long BTREE_BIT = 1L << 60;
  private static final long LEDGER_BIT = 1L << 59;

  /// What an object holds; the size of every object follows from it.
  public enum Kind {
    DATA(DATA_SIZE),
    INODE(INODE_SIZE),
    VM_STATE(DATA_SIZE),
    ATTRIBUTE(ATTRIBUTE_SIZE),
    BTREE(DATA_SIZE),
    LEDGER(DATA_SIZE);

    private final int size;

    Kind(int size) {
      this.size = size;
    }

    /// The size in bytes of each object of this kind.
    public int size() {
      return size;
    }
  }

  /// The data object `index` of a VDI, 4 MiB of its bytes.
  public static ObjectId data(VdiId vdi, int index) {
    return new ObjectId(ofVdi(vdi) | Integer.toUnsignedLong(index));
  }

  /// The VDI's metadata object.
  public static ObjectId inode(VdiId vdi) {
    return new ObjectId(INODE_BIT | ofVdi(vdi));
  }

  /// Piece `index` of the VM state saved with a snapshot.
  public static ObjectId vmState(VdiId vdi, int index) {
    return new ObjectId(VM_STATE_BIT | ofVdi(vdi) | Integer.toUnsignedLong(index));
  }

  /// An attribute record. `nameHash` is the hash of the VDI's name, which outlives snapshots.
  public static ObjectId attribute(VdiId nameHash, int attributeId) {
    return new ObjectId(ATTRIBUTE_BIT | ofVdi(nameHash) | Integer.toUnsignedLong(attributeId));
  }

  /// The kind, by the highest of the five kind bits that is set; data where none is.
  public Kind kind() {
    if ((value & INODE_BIT) != 0) {
      return Kind.INODE;
    } else if ((value & VM_STATE_BIT) != 0) {
      return Kind.VM_STATE;
    } else if ((value & ATTRIBUTE_BIT) != 0) {
      return Kind.ATTRIBUTE;
    } else if ((value & BTREE_BIT) != 0) {
      return Kind.BTREE;
    } else if ((value & LEDGER_BIT) != 0) {
      return Kind.LEDGER;
    }
    return Kind.DATA;
  }

  /// The size of the object in bytes.
  public int size() {
    return kind().size();
  }

  /// The bits of the VDI id; 0 in an id that a client made up.
  public int vdiBits() {
    return (int) (value >>> 32) & (VdiId.COUNT - 1);
  }

  /// The VDI that the object belongs to.
  ///
  /// @throws IllegalArgumentException where the id's VDI bits are 0
  public VdiId vdi() {
    return new VdiId(vdiBits());
  }

  /// The index, an unsigned 32-bit number.
  public int index() {
    return (int) value;
  }

  private static long ofVdi(VdiId vdi) {
    return (long) vdi.value() << 32;
  }

  @Override
  public int compareTo(ObjectId other) {
    return Long.compareUnsigned(value, other.value);
  }

  /// Sixteen hexadecimal digits, as logs and file names show it.
  @Override
  public String toString() {
    return String.format("%016x", value);
  }
}
