package dev.kelpie.testing;

import dev.kelpie.platform.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/// The bytes of a file, live and durable apart, and which sectors differ.
///
/// Guarded by the disk's lock.
final class MemoryContent {
  static final int SECTOR = 512;
  private static final int SECTORS_PER_PAGE = SparseBytes.PAGE / SECTOR;

  private final MemoryMount mount;
  private final SparseBytes live;
  private final SparseBytes durable;
  private final NavigableSet<Long> unsynced;
  private long liveSize;
  private long durableSize;

  MemoryContent(MemoryMount mount) {
    this(mount, new SparseBytes(), new SparseBytes(), new TreeSet<>());
  }

  private MemoryContent(
      MemoryMount mount, SparseBytes live, SparseBytes durable, NavigableSet<Long> unsynced) {
    this.mount = mount;
    this.live = live;
    this.durable = durable;
    this.unsynced = unsynced;
  }

  /// The same content on a copy of the disk.
  MemoryContent copy(MemoryMount onto) {
    MemoryContent copy =
        new MemoryContent(onto, live.copy(), durable.copy(), new TreeSet<>(unsynced));
    copy.liveSize = liveSize;
    copy.durableSize = durableSize;
    return copy;
  }

  MemoryMount mount() {
    return mount;
  }

  long size() {
    return liveSize;
  }

  long allocatedBytes() {
    return (long) live.pages().size() * SparseBytes.PAGE;
  }

  int read(ByteBuffer into, long position) {
    int length = Math.clamp(liveSize - position, 0, into.remaining());
    live.read(position, into.slice().limit(length));
    into.position(into.position() + length);
    return length;
  }

  void write(ByteBuffer from, long position, Path path) throws Disk.NoSpace {
    while (from.hasRemaining()) {
      long page = position / SparseBytes.PAGE;
      int length =
          Math.min(from.remaining(), SparseBytes.PAGE - (int) (position % SparseBytes.PAGE));
      take(page, path);
      live.write(position, from.slice().limit(length));
      mark(position, length);
      from.position(from.position() + length);
      position += length;
      liveSize = Math.max(liveSize, position);
    }
  }

  void resize(long size) {
    if (size < liveSize) {
      zero(size, liveSize - size);
    }
    liveSize = size;
  }

  void allocate(long position, long length, Path path) throws Disk.NoSpace {
    long last = (position + length - 1) / SparseBytes.PAGE;
    for (long page = position / SparseBytes.PAGE; page <= last; page++) {
      if (!live.has(page)) {
        take(page, path);
        live.page(page);
        mark(page * SparseBytes.PAGE, SparseBytes.PAGE);
      }
    }
    liveSize = Math.max(liveSize, position + length);
  }

  /// Makes a range zeros, and its whole pages holes.
  void zero(long position, long length) {
    long end = position + length;
    for (long page : List.copyOf(live.pages())) {
      long from = Math.max(position, page * SparseBytes.PAGE);
      long to = Math.min(end, (page + 1) * SparseBytes.PAGE);
      if (from >= to) {
        continue;
      }
      if (to - from == SparseBytes.PAGE) {
        live.drop(page);
        mount.giveBack(1);
      } else {
        live.write(from, ByteBuffer.allocate((int) (to - from)));
      }
      mark(from, to - from);
    }
  }

  /// Everything live becomes durable.
  void sync() {
    makeDurable(List.copyOf(unsynced));
    durableSize = liveSize;
  }

  /// What is live in a range becomes durable.
  void sync(long position, long length) {
    long end = (position + length + SECTOR - 1) / SECTOR;
    makeDurable(List.copyOf(unsynced.subSet(position / SECTOR, end)));
  }

  /// A sync failed: what it was to make durable counts as clean from now on, and is not durable.
  void forgetUnsynced() {
    unsynced.clear();
  }

  /// The kernel writes some of the unsynced sectors back, as it may at any time.
  void writeBackSome(RandomGenerator chance) {
    makeDurable(unsynced.stream().filter(_ -> chance.nextBoolean()).toList());
  }

  /// The power went: live becomes what is durable and what is kept of the rest.
  void powerCut(Keep keep, RandomGenerator chance) {
    switch (keep) {
      case NOTHING -> {}
      case EVERYTHING -> sync();
      case RANDOM -> {
        writeBackSome(chance);
        durableSize = someSize(chance);
      }
    }
    unsynced.clear();
    liveSize = durableSize;
    live.become(durable, liveSize);
    durable.become(live, liveSize);
  }

  /// Rot: changes one bit, live and durable.
  void flip(long bit) {
    for (SparseBytes bytes : List.of(live, durable)) {
      long position = bit / Byte.SIZE;
      byte[] page = bytes.page(position / SparseBytes.PAGE);
      page[(int) (position % SparseBytes.PAGE)] ^= (byte) (1 << (bit % Byte.SIZE));
    }
  }

  void free() {
    mount.giveBack(live.pages().size());
  }

  private long someSize(RandomGenerator chance) {
    long low = Math.min(liveSize, durableSize);
    long high = Math.max(liveSize, durableSize);
    return switch (chance.nextInt(3)) {
      case 0 -> low;
      case 1 -> high;
      default -> low == high ? low : chance.nextLong(low, high);
    };
  }

  private void take(long page, Path path) throws Disk.NoSpace {
    if (!live.has(page)) {
      mount.takePage(path);
    }
  }

  private void mark(long position, long length) {
    for (long sector = position / SECTOR; sector * SECTOR < position + length; sector++) {
      unsynced.add(sector);
    }
  }

  private void makeDurable(List<Long> sectors) {
    for (long sector : sectors) {
      durable.copyFrom(live, sector * SECTOR, SECTOR);
      unsynced.remove(sector);
    }
    for (long sector : sectors) {
      long page = sector / SECTORS_PER_PAGE;
      if (!live.has(page) && isSynced(page)) {
        durable.drop(page);
      }
    }
  }

  private boolean isSynced(long page) {
    return unsynced.subSet(page * SECTORS_PER_PAGE, (page + 1) * SECTORS_PER_PAGE).isEmpty();
  }
}
