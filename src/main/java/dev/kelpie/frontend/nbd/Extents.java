package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What a range of a disk is made of: extents of different values, from its start. Used once, by
/// one task.
final class Extents {
  /// The most extents that one reply describes, over all contexts: 16 KiB of descriptors.
  private static final int STATUS_EXTENTS_MAX = 1024;

  /// The most extents that a read is cut into; what follows is read as data.
  private static final int READ_EXTENTS_MAX = 64;

  /// A hole in a read is told as such from this size on; a smaller one costs less as zeros.
  private static final int READ_HOLE_MIN = 32 << 10;

  /// The values of a read's extents.
  private static final int HOLE = 0;

  private static final int DATA = 1;

  private final int max;
  private final List<Extent> extents = new ArrayList<>();

  /// @param length in bytes, at least 1
  /// @param value the flags of a context; or what it is in a read
  record Extent(long length, int value) {
    /// Whether this part of a read is data; else it is a hole that reads as zeros.
    boolean isData() {
      return value == DATA;
    }
  }

  private Extents(int max) {
    this.max = max;
  }

  /// The extents of a range for a block status; at least one, perhaps not up to the range's end.
  static List<Extent> forStatus(MetaContext context, Request request) throws IOException {
    int share = STATUS_EXTENTS_MAX / request.contexts().size();
    Extents found = new Extents(request.has(Protocol.REQ_ONE) ? 1 : share);
    context.runs(request.offset(), request.length(), found::add);
    return found.extents;
  }

  /// The extents of a range that is to be read, all of it.
  static List<Extent> forRead(BlockDevice device, Request request) throws IOException {
    Extents found = new Extents(READ_EXTENTS_MAX);
    device.status(
        request.offset(),
        request.length(),
        (run, allocated) -> found.add(run, allocated || run < READ_HOLE_MIN ? DATA : HOLE));
    long described = found.extents.stream().mapToLong(Extent::length).sum();
    if (described < request.length()) {
      found.join(request.length() - described, DATA);
    }
    return found.extents;
  }

  /// Takes the next run of the disk; joins it to the last extent where that is of its kind.
  private boolean add(long length, int value) {
    if (extents.size() == max && extents.getLast().value() != value) {
      return false;
    }
    join(length, value);
    return true;
  }

  private void join(long length, int value) {
    if (!extents.isEmpty() && extents.getLast().value() == value) {
      extents.set(extents.size() - 1, new Extent(extents.getLast().length() + length, value));
    } else {
      extents.add(new Extent(length, value));
    }
  }
}
