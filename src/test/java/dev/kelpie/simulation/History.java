package dev.kelpie.simulation;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What the cells of a disk may hold, when several clients write to it at once and it may end at
/// any moment. A cell is half a sector, so that it is smaller than everything that is written in
/// one piece.
///
/// Every write is an interval from its call to its answer. A write is *over* where another one that
/// counts began after its answer; what is not over may be in the cell. Which writes count depends
/// on who looks: for a reader, those that were answered before it began; after a kill, those that
/// were answered; after a power cut, those that were durable. Cells that nobody wrote are zeros.
final class History {
  /// Bytes of a cell.
  static final int CELL = 256;

  private static final long PENDING = Long.MAX_VALUE;
  private static final byte[] NOTHING = new byte[CELL];
  private static final Write ZEROS = zeros();

  private final AtomicLong clock;
  private Write[][] cells;

  /// A write of some cells; also a discard, which leaves zeros.
  static final class Write {
    final long tag;
    final long start;
    final boolean promisesDurable;
    long end = PENDING;

    /// Whether it was answered with success.
    boolean done;

    boolean durable;

    private Write(long tag, long start, boolean promisesDurable) {
      this.tag = tag;
      this.start = start;
      this.promisesDurable = promisesDurable;
    }

    @Override
    public String toString() {
      String until = end == PENDING ? "no answer" : Long.toString(end);
      return tag
          + " ("
          + start
          + " to "
          + until
          + (done ? "" : ", failed")
          + (durable ? ", durable)" : ")");
    }
  }

  /// What a restart, or the loss of the cache, may have taken.
  enum Loss {
    /// Nothing: the process was killed, or ended well.
    NOTHING,
    /// What was not durable: the power was cut.
    DEFERRED,
    /// The same, and whoever lost something is told: the cache, or a part of it, is lost.
    TOLD
  }

  /// Which writes count.
  private interface Counting {
    boolean counts(Write write);
  }

  private static Write zeros() {
    Write zeros = new Write(0, 0, true);
    zeros.end = 0;
    zeros.done = true;
    zeros.durable = true;
    return zeros;
  }

  History(AtomicLong clock, int count) {
    this.clock = clock;
    this.cells = new Write[count][];
  }

  int count() {
    return cells.length;
  }

  long now() {
    return clock.incrementAndGet();
  }

  /// A write begins.
  ///
  /// @param tag what the cells hold after it; 0 for zeros
  synchronized Write begin(long tag, int first, int count, boolean promisesDurable) {
    Write write = new Write(tag, now(), promisesDurable);
    for (int cell = first; cell < first + count; cell++) {
      add(cell, write);
    }
    return write;
  }

  /// It was answered with success.
  synchronized void answered(Write write) {
    write.end = now();
    write.done = true;
    write.durable = write.promisesDurable;
  }

  /// It was answered with an error: it may have happened, and does not happen any more.
  synchronized void failed(Write write) {
    write.end = now();
  }

  /// A barrier that began at `start` was answered.
  synchronized void flushed(long start) {
    for (Write[] writes : cells) {
      if (writes != null) {
        for (Write write : writes) {
          write.durable |= write.done && write.end < start;
        }
      }
    }
  }

  /// Checks what a reader found that began at `since` and has ended now.
  synchronized void check(int first, long[] found, long since, String what) {
    for (int i = 0; i < found.length; i++) {
      allow(first + i, found[i], write -> write.done && write.end < since, what);
    }
  }

  /// What a reader may find that began at `since` and ends now, by cell; null for zeros only.
  synchronized long @Nullable [][] visible(long since) {
    long[] @Nullable [] visible = new long[cells.length][];
    for (int cell = 0; cell < cells.length; cell++) {
      Write[] writes = cells[cell];
      if (writes != null) {
        int at = cell;
        visible[cell] =
            Arrays.stream(writes)
                .filter(w -> !isOver(w, cells[at], v -> v.done && v.end < since))
                .mapToLong(w -> w.tag)
                .distinct()
                .toArray();
      }
    }
    return visible;
  }

  /// Checks what a restart found, or who looks after the cache was lost, and takes it as what is
  /// there.
  ///
  /// @return whether something is lost that was acknowledged
  synchronized boolean adopt(long[] found, Loss loss, String what) {
    boolean lost = checkLeft(found, loss, what);
    Write[][] next = new Write[found.length][];
    for (int cell = 0; cell < Math.min(found.length, cells.length); cell++) {
      Write[] writes = cells[cell];
      if (writes != null) {
        next[cell] = adopted(writes, found[cell], loss == Loss.DEFERRED);
      }
    }
    cells = next;
    return lost;
  }

  private boolean checkLeft(long[] found, Loss loss, String what) {
    Counting kept = write -> loss == Loss.NOTHING ? write.done : write.durable;
    boolean lost = false;
    for (int cell = 0; cell < found.length; cell++) {
      Write[] writes = cell < cells.length ? cells[cell] : null;
      if (writes != null) {
        allow(cell, found[cell], kept, what);
        lost |= !isAllowed(found[cell], writes, write -> write.done);
      } else if (found[cell] != 0) {
        throw new AssertionError(
            what + " cell " + cell + " is " + found[cell] + ", and nobody wrote it");
      }
    }
    return lost;
  }

  private Write[] adopted(Write[] writes, long value, boolean cut) {
    Write seen = new Write(value, now(), cut);
    Write[] kept =
        cut
            ? new Write[0]
            : Arrays.stream(writes)
                .filter(w -> !isOver(w, writes, v -> v.durable))
                .toArray(Write[]::new);
    for (Write write : kept) {
      write.end = Math.min(write.end, seen.start - 1);
    }
    seen.end = now();
    seen.done = true;
    seen.durable = cut;
    Write[] next = Arrays.copyOf(kept, kept.length + 1);
    next[kept.length] = seen;
    return next;
  }

  /// Takes the content of a clone as given.
  synchronized void set(long[] content) {
    for (int cell = 0; cell < content.length; cell++) {
      if (content[cell] != 0) {
        Write write = new Write(content[cell], now(), true);
        answered(write);
        cells[cell] = new Write[] {write};
      }
    }
  }

  private void allow(int cell, long found, Counting counting, String what) {
    Write[] writes = cells[cell];
    if (writes == null) {
      if (found != 0) {
        throw new AssertionError(what + " cell " + cell + " is " + found + ", and nobody wrote it");
      }
      return;
    }
    if (isAllowed(found, writes, counting)) {
      return;
    }
    throw new AssertionError(
        what
            + " cell "
            + cell
            + " is "
            + found
            + ", which it may not be: "
            + Arrays.toString(writes));
  }

  private static boolean isAllowed(long found, Write[] writes, Counting counting) {
    for (Write write : writes) {
      if (write.tag == found && !isOver(write, writes, counting)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOver(Write write, Write[] writes, Counting counting) {
    for (Write other : writes) {
      if (other.start > write.end && counting.counts(other)) {
        return true;
      }
    }
    return false;
  }

  private void add(int cell, Write write) {
    Write[] before = cells[cell] == null ? new Write[] {ZEROS} : cells[cell];
    Write[] after = Arrays.copyOf(before, before.length + 1);
    after[before.length] = write;
    cells[cell] = after;
  }

  /// The bytes of cells that hold a tag.
  static byte[] bytes(long tag, int first, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * CELL);
    for (int cell = first; tag != 0 && cell < first + count; cell++) {
      for (int i = 0; i < CELL / Long.BYTES; i++) {
        bytes.putLong(word(tag, cell, i));
      }
    }
    return bytes.array();
  }

  /// The tags of whole cells.
  static long[] tags(byte[] bytes, int first) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    long[] tags = new long[bytes.length / CELL];
    for (int n = 0; n < tags.length; n++) {
      if (Arrays.mismatch(bytes, n * CELL, (n + 1) * CELL, NOTHING, 0, CELL) < 0) {
        from.position((n + 1) * CELL);
        continue;
      }
      long tag = from.getLong();
      for (int i = 1; i < CELL / Long.BYTES; i++) {
        if (from.getLong() != word(tag, first + n, i)) {
          throw new AssertionError("cell " + (first + n) + " is torn, it begins as " + tag);
        }
      }
      tags[n] = tag;
    }
    return tags;
  }

  private static long word(long tag, int cell, int i) {
    return i == 0 || tag == 0 ? tag : tag * 31 + cell * 1_000_003L + i;
  }
}
