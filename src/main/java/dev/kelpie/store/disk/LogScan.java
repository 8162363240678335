package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Reads the log as a crash left it (docs/disk-format.md §5). Changes nothing.
final class LogScan {
  /// How much of a segment is looked at in one piece in the search for records behind the end.
  private static final int WINDOW = 64 << 10;

  private final Segment segment;
  private final int lap;
  private final UUID disk;
  private final int length;

  private LogScan(Segment segment, int lap, UUID disk) throws IOException {
    this.segment = segment;
    this.lap = lap;
    this.disk = disk;
    this.length = segment.fileLength();
  }

  /// Where a record is that a replay needs. Its blocks match their checksums unless they rotted.
  record Entry(Segment segment, int at, ObjectId object, long incarnation) {}

  /// What is in the log.
  ///
  /// @param newest lap that it has had
  /// @param entries of the laps that a replay needs, in order
  record Found(int newest, List<Entry> entries) {}

  /// What the whole records say about how far the log was synced.
  ///
  /// @param place below which it was
  /// @param previousEnd where the lap before that of `place` ended
  private record Evidence(long place, int previousEnd) {
    Evidence or(Evidence other) {
      return other.place > place ? other : this;
    }
  }

  /// Reads both segments.
  ///
  /// @throws IOException where the log is damaged in a way that may hide acknowledged changes
  static Found read(List<Segment> segments, UUID disk) throws IOException {
    LapHeader one = header(segments.getFirst());
    LapHeader other = header(segments.getLast());
    LapHeader newest = one.lap() > other.lap() ? one : other;
    List<LogScan> scans = new ArrayList<>();
    for (int lap = newest.first(); lap <= newest.lap(); lap++) {
      Segment segment = segments.get(lap % 2);
      if (lap != one.lap() && lap != other.lap()) {
        throw damaged(segment, 0, "it should hold lap " + lap);
      }
      scans.add(new LogScan(segment, lap, disk));
    }
    Evidence evidence = new Evidence(0, Segment.START);
    for (LogScan scan : scans) {
      evidence = evidence.or(scan.evidence());
    }
    List<Entry> entries = new ArrayList<>();
    for (LogScan scan : scans) {
      scan.collect(entries, scan.syncedUpTo(evidence));
    }
    return new Found(newest.lap(), entries);
  }

  /// Reads the head of the record of an entry again.
  static LogRecord load(Entry entry, UUID disk) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SECTOR);
    entry.segment().read(bytes, entry.at());
    int head = LogRecord.headLengthAt(bytes.clear());
    bytes = ByteBuffer.allocate(Math.max(head, Blocks.SECTOR));
    entry.segment().read(bytes, entry.at());
    return LogRecord.decodeHead(bytes.clear(), disk).record();
  }

  /// Reads the i-th block of a data record.
  static void readBlock(Entry entry, LogRecord record, int i, ByteBuffer into) throws IOException {
    entry.segment().read(into, entry.at() + record.headLength() + Blocks.start(i));
  }

  private static LapHeader header(Segment segment) throws IOException {
    try {
      return segment.header();
    } catch (BadFormat bad) {
      throw damaged(segment, 0, bad.what());
    }
  }

  private static IOException damaged(Segment segment, int at, String what) {
    return new IOException(
        "the log is damaged at byte "
            + at
            + " of "
            + segment.path()
            + ": "
            + what
            + "; acknowledged changes may be behind it, so nothing was changed; restore the"
            + " directory from a copy, or give these changes up by renaming "
            + segment.path().getParent());
  }

  private Evidence evidence() throws IOException {
    Evidence evidence = new Evidence(0, Segment.START);
    int at = Segment.START;
    while (at < length) {
      Optional<LogRecord.Stamped> head = headAt(at);
      if (head.isPresent()) {
        LogRecord.Stamp stamp = head.get().stamp();
        evidence = evidence.or(new Evidence(stamp.durable(), stamp.previousEnd()));
        at += head.get().record().length();
      } else {
        at = nextCandidate(at + Blocks.SECTOR);
      }
    }
    return evidence;
  }

  /// The byte of this lap up to which it was certainly synced.
  private int syncedUpTo(Evidence evidence) {
    int evidentLap = Lap.lapOf(evidence.place());
    if (lap > evidentLap) {
      return Segment.START;
    }
    return lap == evidentLap ? Lap.byteOf(evidence.place()) : evidence.previousEnd();
  }

  private void collect(List<Entry> entries, int synced) throws IOException {
    int at = Segment.START;
    while (at < length) {
      Optional<LogRecord.Stamped> head = headAt(at);
      if (head.isEmpty()) {
        if (at < synced) {
          throw damaged(segment, at, "no whole record where one was synced");
        }
        return;
      }
      LogRecord record = head.get().record();
      if (at >= synced && !dataMatches(record, at)) {
        return;
      }
      entries.add(new Entry(segment, at, record.object(), record.incarnation()));
      at += record.length();
    }
  }

  private Optional<LogRecord.Stamped> headAt(int at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SECTOR);
    segment.read(bytes, at);
    int head = LogRecord.headLengthAt(bytes.flip());
    if (head == 0 || at + head > length) {
      return Optional.empty();
    }
    if (head > Blocks.SECTOR) {
      bytes = ByteBuffer.allocate(head);
      segment.read(bytes, at);
      bytes.flip();
    }
    try {
      LogRecord.Stamped stamped = LogRecord.decodeHead(bytes, disk);
      return stamped.stamp().place() == Lap.place(lap, at)
          ? Optional.of(stamped)
          : Optional.empty();
    } catch (BadFormat _) {
      return Optional.empty();
    }
  }

  private int nextCandidate(int from) throws IOException {
    ByteBuffer window = ByteBuffer.allocate(WINDOW);
    for (int at = from; at < length; at += WINDOW) {
      segment.read(window.clear(), at);
      window.flip();
      for (int i = 0; i < window.limit(); i += Blocks.SECTOR) {
        if (LogRecord.headLengthAt(window.position(i)) != 0) {
          return at + i;
        }
      }
    }
    return length;
  }

  private boolean dataMatches(LogRecord record, int at) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(record.dataLength());
    segment.read(data, at + record.headLength());
    if (data.hasRemaining()) {
      return false;
    }
    long seed = Checksum.seed(record.object(), record.incarnation());
    for (int i = 0; Blocks.start(i) < data.capacity(); i++) {
      ByteBuffer block = data.slice(Blocks.start(i), Blocks.SIZE);
      if (Checksum.of(seed, record.blocks()[i], block) != record.sums()[i]) {
        return false;
      }
    }
    return true;
  }
}
