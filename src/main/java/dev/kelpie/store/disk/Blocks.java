package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;

/// The grain of checksums: 4 KiB.
final class Blocks {
  /// Bytes of a block.
  static final int SIZE = 4096;

  /// Bytes that the disk writes whole or not at all.
  static final int SECTOR = 512;

  private Blocks() {}

  /// How many blocks an object has; the last may be padded.
  static int count(ObjectId object) {
    return (object.size() + SIZE - 1) / SIZE;
  }

  /// The next multiple of `unit`, a power of two.
  static int roundUp(int value, int unit) {
    return (value + unit - 1) & -unit;
  }

  /// Where a block starts in its object and in its file.
  static int start(int block) {
    return block * SIZE;
  }
}
