package dev.kelpie.store.disk;

import java.util.LinkedHashSet;
import java.util.Set;

/// One filling of a segment of the log. All fields are guarded by the mutex of the [WriteLog].
final class Lap {
  final int number;
  final Segment segment;

  /// Where the lap before ended in its segment.
  final int previousEnd;

  /// Where the next record goes.
  int end = Segment.START;

  /// The files whose changes are in this lap. Each is pinned until the lap is given up.
  final Set<ObjectFile> touched = new LinkedHashSet<>();

  /// How many records are in the log whose effect is not yet in memory or in the file.
  int inFlight;

  Lap(int number, Segment segment, int previousEnd) {
    this.number = number;
    this.segment = segment;
    this.previousEnd = previousEnd;
  }

  /// The place of a byte of this lap.
  long place(int at) {
    return place(number, at);
  }

  static long place(int lap, int at) {
    return (long) lap << 32 | at;
  }

  static int lapOf(long place) {
    return (int) (place >>> 32);
  }

  static int byteOf(long place) {
    return (int) place;
  }
}
