package dev.kelpie.volume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// What the sectors of a disk may hold, when several tasks write to it at once and it may end at
/// any moment.
///
/// Every write is an interval from its call to its answer. A write is *over* when another one that
/// counts began after its answer; what is not over may be in the sector. Which writes count depends
/// on who looks: for a reader, those that were answered before it began; after a kill, those that
/// were answered; after a power cut, those that were durable. Sectors that nobody wrote are zeros.
final class SectorHistory {
  static final int SECTOR = 512;

  private static final long PENDING = Long.MAX_VALUE;
  private static final AtomicLong CLOCK = new AtomicLong();

  private final Map<Integer, List<Write>> sectors = new HashMap<>();

  /// A write of some sectors; also a discard, which leaves zeros.
  static final class Write {
    final long tag;
    final long start;
    final boolean promisesDurable;
    long end = PENDING;
    boolean durable;

    private Write(long tag, long start, boolean promisesDurable) {
      this.tag = tag;
      this.start = start;
      this.promisesDurable = promisesDurable;
    }

    @Override
    public String toString() {
      String until = end == PENDING ? "unanswered" : Long.toString(end);
      return tag + " (" + start + " to " + until + (durable ? ", durable)" : ")");
    }
  }

  /// Which writes count.
  private interface Counting {
    boolean counts(Write write);
  }

  static long now() {
    return CLOCK.incrementAndGet();
  }

  /// A write begins.
  ///
  /// @param tag what the sectors hold after it; 0 for zeros
  synchronized Write begin(long tag, int first, int count, boolean promisesDurable) {
    Write write = new Write(tag, now(), promisesDurable);
    for (int sector = first; sector < first + count; sector++) {
      list(sector).add(write);
    }
    return write;
  }

  /// It was answered.
  synchronized void answered(Write write) {
    write.end = now();
    write.durable = write.promisesDurable;
  }

  /// A barrier that began at `start` was answered.
  synchronized void flushed(long start) {
    for (List<Write> writes : sectors.values()) {
      for (Write write : writes) {
        write.durable |= write.end < start;
      }
    }
  }

  /// What a reader may see that began at `since` and has ended now.
  synchronized Set<Long> visible(int sector, long since) {
    return left(sector, write -> write.end < since);
  }

  /// Checks what a restart found in a sector, and takes it as what is there.
  ///
  /// @param cut whether the power was cut; otherwise the process was killed, or ended well
  synchronized void adopt(int sector, long found, boolean cut, String what) {
    Set<Long> allowed = left(sector, write -> cut ? write.durable : write.end != PENDING);
    List<Write> writes = list(sector);
    assertTrue(
        allowed.contains(found),
        () ->
            what
                + " sector "
                + sector
                + " is "
                + found
                + ", not one of "
                + allowed
                + ": "
                + writes);
    Write seen = new Write(found, now(), cut);
    List<Write> next = new ArrayList<>();
    if (!cut) {
      next.addAll(writes.stream().filter(w -> !isOver(w, writes, d -> d.durable)).toList());
    }
    next.add(seen);
    seen.end = now();
    seen.durable = cut;
    sectors.put(sector, next);
  }

  /// Takes a sector's content as given and durable.
  synchronized void set(int sector, long tag) {
    Write write = new Write(tag, now(), true);
    answered(write);
    sectors.put(sector, new ArrayList<>(List.of(write)));
  }

  private Set<Long> left(int sector, Counting counting) {
    List<Write> writes = list(sector);
    Set<Long> tags = new HashSet<>();
    writes.stream().filter(w -> !isOver(w, writes, counting)).forEach(w -> tags.add(w.tag));
    return tags;
  }

  private static boolean isOver(Write write, List<Write> writes, Counting counting) {
    return writes.stream().anyMatch(w -> counting.counts(w) && w.start > write.end);
  }

  private List<Write> list(int sector) {
    return sectors.computeIfAbsent(
        sector,
        _ -> {
          Write zeros = new Write(0, 0, true);
          zeros.end = 0;
          zeros.durable = true;
          return new ArrayList<>(List.of(zeros));
        });
  }

  /// The bytes of sectors that hold a tag.
  static ByteBuffer bytes(long tag, int first, int count) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(count * SECTOR);
    for (int sector = first; sector < first + count; sector++) {
      for (int i = 0; i < SECTOR / Long.BYTES; i++) {
        bytes.putLong(word(tag, sector, i));
      }
    }
    return bytes.flip();
  }

  /// The tag of the sector at the buffer's position, all of which is looked at.
  static long tag(ByteBuffer bytes, int sector) {
    long tag = bytes.getLong();
    for (int i = 1; i < SECTOR / Long.BYTES; i++) {
      assertEquals(word(tag, sector, i), bytes.getLong(), () -> "sector " + sector + " is torn");
    }
    return tag;
  }

  private static long word(long tag, int sector, int i) {
    return i == 0 || tag == 0 ? tag : tag * 31 + sector * 1_000_003L + i;
  }
}
