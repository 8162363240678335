package dev.kelpie.testing;

import dev.kelpie.platform.Disk;
import java.nio.file.Path;

/// One file system of a [MemoryDisk]: how much room it has and what is used of it.
final class MemoryMount {
  private static final long CAPACITY = 1L << 40;

  final Path at;
  final long device;
  long capacity = CAPACITY;
  boolean readOnly;
  private long used;

  MemoryMount(Path at, long device) {
    this.at = at;
    this.device = device;
  }

  /// The same file system with nothing in it yet.
  MemoryMount copy() {
    MemoryMount copy = new MemoryMount(at, device);
    copy.capacity = capacity;
    copy.readOnly = readOnly;
    return copy;
  }

  void takePage(Path by) throws Disk.NoSpace {
    if (used + SparseBytes.PAGE > capacity) {
      throw new Disk.NoSpace(by + ": no space left on the simulated device");
    }
    used += SparseBytes.PAGE;
  }

  void count(long bytes) {
    used += bytes;
  }

  void giveBack(long pages) {
    used -= pages * SparseBytes.PAGE;
  }

  Disk.Space space() {
    return new Disk.Space(capacity, Math.max(0, capacity - used));
  }
}
