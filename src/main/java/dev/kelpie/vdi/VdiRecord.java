package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What the coordination records know of a VDI: the truth about its existence and standing, which
/// the fields of its inode follow.
///
/// As a value it is, little-endian: format version (1 byte, 1), standing (1; 0 working, 1 snapshot,
/// 2 deleted), copies (1), copy policy (1), snapshot id (4), parent (4), family (4), creation time
/// (8), snapshot time (8), name (the rest).
///
/// @param snapId 1 in the first generation of a name; the working VDI has the highest
/// @param parent the id of the VDI it was made from; 0 for none
/// @param family the id of the VDI at the root of its tree. Only VDIs of one family share objects,
///   also where VDIs between them are gone
/// @param createTime coded as in the inode
/// @param snapTime coded as in the inode; 0 in a working VDI
record VdiRecord(
    VdiId vdi,
    VdiName name,
    Standing standing,
    int copies,
    int copyPolicy,
    int snapId,
    int parent,
    int family,
    long createTime,
    long snapTime) {
  private static final int VERSION = 1;
  private static final int FIXED_SIZE = 32;

  /// What may be done with a VDI.
  enum Standing {
    /// It is read and written.
    WORKING(0),
    /// It was frozen and is only read.
    SNAPSHOT(1),
    /// It is not there any more for anybody but the sweeper, which frees its objects.
    DELETED(2);

    private final int code;

    Standing(int code) {
      this.code = code;
    }

    private static Standing of(int code) throws IOException {
      for (Standing standing : values()) {
        if (standing.code == code) {
          return standing;
        }
      }
      throw new IOException("no standing has the code " + code);
    }
  }

  VdiRecord frozen(long time) {
    return with(Standing.SNAPSHOT, time);
  }

  VdiRecord deleted() {
    return with(Standing.DELETED, snapTime);
  }

  VdiRecord withCopies(int newCopies) {
    return new VdiRecord(
        vdi, name, standing, newCopies, copyPolicy, snapId, parent, family, createTime, snapTime);
  }

  boolean isWorking() {
    return standing == Standing.WORKING;
  }

  boolean isSnapshot() {
    return standing == Standing.SNAPSHOT;
  }

  boolean isDeleted() {
    return standing == Standing.DELETED;
  }

  /// As front ends see it.
  VdiDirectory.State state(VdiDirectory.Lock lock) {
    return new VdiDirectory.State(vdi, name, isSnapshot(), snapId, copies, copyPolicy, lock);
  }

  /// As a lookup answers.
  VdiAnswer found() {
    return new VdiAnswer.Found(vdi, copies);
  }

  byte[] encode() {
    byte[] nameBytes = name.bytes();
    ByteBuffer to = ByteBuffer.allocate(FIXED_SIZE + nameBytes.length);
    to.order(ByteOrder.LITTLE_ENDIAN);
    to.put((byte) VERSION).put((byte) standing.code).put((byte) copies).put((byte) copyPolicy);
    to.putInt(snapId).putInt(parent).putInt(family).putLong(createTime).putLong(snapTime);
    return to.put(nameBytes).array();
  }

  /// Decodes the value of a record.
  ///
  /// @throws IOException where this release does not know the format
  static VdiRecord decode(VdiId vdi, byte[] value) throws IOException {
    if (value.length <= FIXED_SIZE || value[0] != VERSION) {
      throw new IOException(
          "the record of VDI "
              + vdi
              + " was not written by this release of sheep; use a newer one");
    }
    ByteBuffer from = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).position(1);
    Standing standing = Standing.of(from.get());
    int copies = Byte.toUnsignedInt(from.get());
    int copyPolicy = Byte.toUnsignedInt(from.get());
    int snapId = from.getInt();
    int parent = from.getInt();
    int family = from.getInt();
    long createTime = from.getLong();
    long snapTime = from.getLong();
    byte[] nameBytes = new byte[from.remaining()];
    from.get(nameBytes);
    VdiName name = new VdiName(VdiName.ofField(nameBytes));
    return new VdiRecord(
        vdi, name, standing, copies, copyPolicy, snapId, parent, family, createTime, snapTime);
  }

  private VdiRecord with(Standing newStanding, long newSnapTime) {
    return new VdiRecord(
        vdi,
        name,
        newStanding,
        copies,
        copyPolicy,
        snapId,
        parent,
        family,
        createTime,
        newSnapTime);
  }
}
