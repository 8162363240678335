package dev.kelpie.simulation;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// A disk as the model knows it.
final class DiskModel {
  final String name;

  /// Whether no block device is ever attached, so that its objects can be discarded by id.
  final boolean sheepdogOnly;

  final History history;
  final Map<Integer, Snapshot> snapshots = new ConcurrentSkipListMap<>();

  /// Its clients, by number.
  final Map<Integer, DiskClient> clients = new ConcurrentHashMap<>();

  /// Shared by Sheepdog clients that change objects; had alone by one that creates or discards one.
  final ReadWriteLock naming = new ReentrantReadWriteLock();

  /// Shared by Sheepdog clients that name an object; had alone by a client of NBD that clears.
  final ReadWriteLock clearing = new ReentrantReadWriteLock();

  /// Whether it may not be there: it was being made or deleted.
  volatile boolean inDoubt;

  /// Whether a barrier of a client that has not opened the disk since may fail, for a power cut may
  /// have taken writes.
  volatile boolean lossMayBeTold;

  /// A snapshot: by cell, what it may hold; null for zeros only. In doubt while it is being made or
  /// deleted.
  static final class Snapshot {
    final int cells;
    volatile long @Nullable [][] content;
    volatile boolean inDoubt = true;

    Snapshot(int cells) {
      this.cells = cells;
    }

    /// Compares with what is found, which is from now on what it holds.
    void settle(long[] found, String what) {
      long[] @Nullable [] settled = new long[found.length][];
      for (int cell = 0; cell < found.length; cell++) {
        long[] allowed = content == null || content[cell] == null ? new long[1] : content[cell];
        boolean right = false;
        for (long tag : allowed) {
          right |= tag == found[cell];
        }
        if (!right) {
          throw new AssertionError(
              what
                  + " cell "
                  + cell
                  + " is "
                  + found[cell]
                  + ", not one of "
                  + Arrays.toString(allowed));
        }
        settled[cell] = found[cell] == 0 ? null : new long[] {found[cell]};
      }
      content = settled;
    }

    /// The only thing that each cell may hold; null where that is not known.
    long @Nullable [] settled() {
      long[] all = new long[cells];
      for (int cell = 0; content != null && cell < cells; cell++) {
        if (content[cell] != null) {
          if (content[cell].length != 1) {
            return null;
          }
          all[cell] = content[cell][0];
        }
      }
      return all;
    }
  }

  DiskModel(String name, boolean sheepdogOnly, AtomicLong clock, int cells) {
    this.name = name;
    this.sheepdogOnly = sheepdogOnly;
    this.history = new History(clock, cells);
  }

  long size() {
    return (long) history.count() * History.CELL;
  }
}
