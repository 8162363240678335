package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import java.nio.ByteBuffer;

/// The used part of a VDI's object map: which VDI owns each of its objects.
final class ObjectMap {
  private final ByteBuffer entries;

  /// @param entries little-endian, four bytes for each object
  ObjectMap(ByteBuffer entries) {
    this.entries = entries;
  }

  /// How many bytes of the map a VDI of this size uses.
  static int bytes(long size) {
    long objects = size / ObjectId.DATA_SIZE + (size % ObjectId.DATA_SIZE == 0 ? 0 : 1);
    return (int) Math.min(objects, InodeHeader.MAP_ENTRIES) * Integer.BYTES;
  }

  /// How many objects there are, holes counted.
  int count() {
    return entries.remaining() / Integer.BYTES;
  }

  /// The VDI that owns an object; 0 for a hole, and behind the end.
  int owner(long index) {
    return index < count() ? entries.getInt(entries.position() + (int) index * Integer.BYTES) : 0;
  }

  /// Enters an owner.
  void own(int index, int vid) {
    entries.putInt(entries.position() + index * Integer.BYTES, vid);
  }

  /// The entries of some objects, as they go into the inode.
  ByteBuffer slice(int index, int count) {
    return entries.slice(entries.position() + index * Integer.BYTES, count * Integer.BYTES);
  }

  /// The object that its owner has.
  ObjectId object(int index) throws Failure {
    int owner = owner(index);
    if (owner <= 0 || owner >= VdiId.COUNT) {
      throw new Failure(
          ExitStatus.FAILURE,
          "The inode is damaged: object "
              + index
              + " belongs to VDI "
              + Integer.toHexString(owner)
              + ", which cannot be");
    }
    return ObjectId.data(new VdiId(owner), index);
  }
}
