package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What a range of a disk is made of: extents of data and of holes by turns, from its start. Used
/// once, by one task.
final class Extents {
  /// The most extents that one reply describes: 8 KiB of descriptors.
  private static final int STATUS_EXTENTS_MAX = 1024;

  /// The most extents that a read is cut into; what follows is read as data.
  private static final int READ_EXTENTS_MAX = 64;

  /// A hole in a read is told as such from this size on; a smaller one costs less as zeros.
  private static final int READ_HOLE_MIN = 32 << 10;

  private final int max;
  private final long holeMin;
  private final List<Extent> extents = new ArrayList<>();

  /// @param length in bytes, at least 1
  /// @param allocated whether it is data; else a hole that reads as zeros
  record Extent(long length, boolean allocated) {}

  private Extents(int max, long holeMin) {
    this.max = max;
    this.holeMin = holeMin;
  }

  /// The extents of a range for a block status; at least one, perhaps not up to the range's end.
  static List<Extent> forStatus(BlockDevice device, Request request) throws IOException {
    int max = request.has(Protocol.REQ_ONE) ? 1 : STATUS_EXTENTS_MAX;
    Extents found = new Extents(max, 1);
    device.status(request.offset(), request.length(), found::add);
    return found.extents;
  }

  /// The extents of a range that is to be read, all of it.
  static List<Extent> forRead(BlockDevice device, Request request) throws IOException {
    Extents found = new Extents(READ_EXTENTS_MAX, READ_HOLE_MIN);
    device.status(request.offset(), request.length(), found::add);
    long described = found.extents.stream().mapToLong(Extent::length).sum();
    if (described < request.length()) {
      found.join(request.length() - described, true);
    }
    return found.extents;
  }

  /// Takes the next run of the disk; joins it to the last extent where that is of its kind.
  private boolean add(long length, boolean allocated) {
    boolean data = allocated || length < holeMin;
    if (extents.size() == max && extents.getLast().allocated() != data) {
      return false;
    }
    join(length, data);
    return true;
  }

  private void join(long length, boolean data) {
    if (!extents.isEmpty() && extents.getLast().allocated() == data) {
      extents.set(extents.size() - 1, new Extent(extents.getLast().length() + length, data));
    } else {
      extents.add(new Extent(length, data));
    }
  }
}
