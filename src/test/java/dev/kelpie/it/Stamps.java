package dev.kelpie.it;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Knows what each sector of a disk may hold. Every change has a stamp, the logical time at which
/// its request was sent, and fills its sectors with bytes made from stamp and sector. A sector may
/// hold a change that was acknowledged and that no later one has replaced for sure, or one in
/// flight: two changes whose times overlap may take effect in either order, sector by sector.
///
/// For many threads.
final class Stamps {
  static final int SECTOR = 512;
  private static final int LONGS = SECTOR / Long.BYTES;
  private static final long NEVER = Long.MAX_VALUE;

  private final String disk;
  private final long seal;
  private final Change[][] allowed;
  private final Set<Moment> moments = new HashSet<>();
  private long now;

  /// A disk of zeros.
  ///
  /// @param size in bytes, whole sectors
  Stamps(String disk, long size) {
    this.disk = disk;
    this.seal = (long) disk.hashCode() << 32;
    this.allowed = new Change[Math.toIntExact(size / SECTOR)][];
    Arrays.fill(allowed, new Change[] {new Change(0, allowed.length, true, now)});
    allowed[0][0].end = now;
  }

  /// A write or a zeroing of some sectors.
  static final class Change {
    private final int first;
    private final int count;
    private final boolean zeroes;
    private final long start;
    private volatile long end = NEVER;

    private Change(int first, int count, boolean zeroes, long start) {
      this.first = first;
      this.count = count;
      this.zeroes = zeroes;
      this.start = start;
    }

    private boolean covers(int sector) {
      return sector >= first && sector < first + count;
    }

    int first() {
      return first;
    }

    int count() {
      return count;
    }

    /// What a sector shows of it.
    private long mark() {
      return zeroes ? 0 : start;
    }

    @Override
    public String toString() {
      return (zeroes ? "zeroes " : "write ")
          + start
          + (end == NEVER ? " in flight" : " acknowledged at " + end);
    }
  }

  /// The sectors of the disk.
  int sectors() {
    return allowed.length;
  }

  /// A change is about to be sent.
  synchronized Change begin(int first, int count, boolean zeroes) {
    Change change = new Change(first, count, zeroes, ++now);
    for (int sector = first; sector < first + count; sector++) {
      Change[] before = allowed[sector];
      allowed[sector] = Arrays.copyOf(before, before.length + 1);
      allowed[sector][before.length] = change;
    }
    moments.forEach(moment -> moment.during.add(change));
    return change;
  }

  /// A change was acknowledged.
  synchronized void end(Change change) {
    end(change, tick());
  }

  /// A moment in the disk's time.
  synchronized long tick() {
    return ++now;
  }

  /// A change was acknowledged at some moment, and counts from now on.
  synchronized void end(Change change, long acknowledged) {
    if (change.end != NEVER) {
      return; // two flushes covered it
    }
    change.end = acknowledged;
    for (int sector = change.first; sector < change.first + change.count; sector++) {
      Change[] all = allowed[sector];
      allowed[sector] =
          Stream.of(all)
              .filter(c -> Stream.of(all).noneMatch(d -> d.end != NEVER && d.start > c.end))
              .toArray(Change[]::new);
    }
  }

  /// The bytes of a change.
  byte[] bytes(Change change) {
    ByteBuffer bytes = ByteBuffer.allocate(change.count * SECTOR);
    for (int i = 0; i < change.count * LONGS; i++) {
      bytes.putLong(word(change.start, change.first + i / LONGS, i % LONGS));
    }
    return bytes.array();
  }

  private long word(long stamp, int sector, int index) {
    return switch (index) {
      case 0 -> stamp;
      case 1 -> seal | sector;
      default -> (stamp * 31 + sector + index) * 0x9E3779B97F4A7C15L;
    };
  }

  /// The stamp that a sector's bytes carry; 0 where they are zeros.
  private long stamp(ByteBuffer bytes, int sector) {
    int at = bytes.position();
    bytes.position(at + SECTOR);
    long stamp = bytes.getLong(at);
    for (int i = 0; i < LONGS; i++) {
      long expected = stamp == 0 ? 0 : word(stamp, sector, i);
      if (bytes.getLong(at + i * Long.BYTES) != expected) {
        throw new AssertionError(
            disk
                + ": sector "
                + sector
                + " has bytes that no write made: word "
                + i
                + " is "
                + Long.toHexString(bytes.getLong(at + i * Long.BYTES))
                + ", the stamp is "
                + stamp);
      }
    }
    return stamp;
  }

  /// What was on the disk at one moment in a span of time: what a read may see, or a snapshot hold.
  final class Moment {
    private final int first;
    private final long start;
    private final Change[][] before;
    private final List<Change> during = new ArrayList<>();
    private long end = NEVER;

    private Moment(int first, int count) {
      this.first = first;
      this.start = ++now;
      this.before = Arrays.copyOfRange(allowed, first, first + count);
    }

    /// The span ends; it has to, once.
    void close() {
      synchronized (Stamps.this) {
        end = ++now;
        moments.remove(this);
      }
    }

    /// Fails where a sector holds what was not there at any moment of the span.
    void checkSectors(byte[] data) {
      marks(data);
    }

    /// Fails unless all sectors are from one moment: where one shows a change, each change
    /// acknowledged before that one was sent is there too.
    void checkWhole(byte[] data) {
      long[] marks = marks(data);
      long latest = Arrays.stream(marks).max().orElse(0);
      for (int i = 0; i < marks.length; i++) {
        int sector = first + i;
        List<Change> could = could(sector);
        boolean fits =
            could.stream()
                .filter(c -> c.mark() == marks[sector - first])
                .anyMatch(c -> could.stream().noneMatch(w -> w.end < latest && w.start > c.end));
        if (!fits) {
          throw failure(sector, marks[i], could, ", though " + latest + " is there");
        }
      }
    }

    private long[] marks(byte[] data) {
      ByteBuffer bytes = ByteBuffer.wrap(data);
      long[] marks = new long[data.length / SECTOR];
      for (int i = 0; i < marks.length; i++) {
        long mark = stamp(bytes, first + i);
        marks[i] = mark;
        if (Stream.of(before[i]).noneMatch(c -> c.mark() == mark)) {
          List<Change> could = could(first + i);
          if (could.stream().noneMatch(c -> c.mark() == mark)) {
            throw failure(first + i, mark, could, "");
          }
        }
      }
      return marks;
    }

    private List<Change> could(int sector) {
      synchronized (Stamps.this) {
        return Stream.concat(
                Stream.of(before[sector - first]),
                during.stream().filter(c -> c.covers(sector) && c.start < end))
            .toList();
      }
    }

    private AssertionError failure(int sector, long mark, List<Change> could, String why) {
      return new AssertionError(
          disk
              + ": between "
              + start
              + " and "
              + end
              + " sector "
              + sector
              + " showed "
              + (mark == 0 ? "zeros" : "write " + mark)
              + why
              + "; it may hold "
              + could);
    }
  }

  /// Opens a span of time for the whole disk.
  Moment moment() {
    return moment(0, allowed.length);
  }

  /// Opens a span of time for some sectors.
  synchronized Moment moment(int first, int count) {
    Moment moment = new Moment(first, count);
    moments.add(moment);
    return moment;
  }

  /// The daemon was killed: nothing that was asked for takes effect later.
  synchronized void killed() {
    List.copyOf(moments).forEach(Moment::close);
  }

  /// Takes what a new daemon shows of sectors after a kill: each must hold what it may, and holds
  /// just that from now on, as nothing is in flight any more.
  synchronized void settle(int first, byte[] data) {
    ByteBuffer bytes = ByteBuffer.wrap(data);
    for (int sector = first; bytes.hasRemaining(); sector++) {
      long mark = stamp(bytes, sector);
      Change[] found =
          Stream.of(allowed[sector]).filter(c -> c.mark() == mark).toArray(Change[]::new);
      if (found.length == 0) {
        throw new AssertionError(lost(sector, mark));
      }
      for (Change change : found) {
        change.end = Math.min(change.end, now);
      }
      allowed[sector] = found;
    }
  }

  private String lost(int sector, long mark) {
    return disk
        + ": sector "
        + sector
        + " (object "
        + sector / (4 << 11)
        + ", block "
        + sector % (4 << 11) / 8
        + ") holds "
        + (mark == 0 ? "zeros" : "write " + mark)
        + " after the kill; it may hold "
        + Stream.of(allowed[sector]).map(Change::toString).collect(Collectors.joining(", "));
  }
}
