package dev.kelpie.client;

import java.io.IOException;
import java.util.List;

/// A small disk on a [Sheep], with which tests of the protocol begin, and requests about it.
final class OneDisk {
  static final String NAME = "vm1";
  static final long SIZE = 4L * Request.OBJECT;

  private OneDisk() {}

  /// The ways in which such a test is run.
  static List<Sheep.Way> ways() {
    return Sheep.Way.all();
  }

  /// Makes the disk.
  ///
  /// @return its id
  static int in(Sheep sheep) throws IOException {
    return Qemu.create(sheep, Qemu.Release.V5, NAME, SIZE, 0);
  }

  static Request creation(int vid, int index, byte... bytes) {
    return Request.with(Request.CREATE, Request.F_CACHE, bytes).object(Request.data(vid, index), 0);
  }

  static Request write(int vid, int index, byte... bytes) {
    return Request.with(Request.WRITE, Request.F_CACHE, bytes).object(Request.data(vid, index), 0);
  }

  static Request read(long object, long offset, int length) {
    return Request.of(Request.READ, Request.F_CACHE, length).object(object, offset);
  }
}
