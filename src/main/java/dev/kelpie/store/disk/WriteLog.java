package dev.kelpie.store.disk;

import dev.kelpie.model.Invariant;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Locks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The sequential log of one disk (docs/disk-format.md §3): records are appended to the active lap;
/// when its segment is full the lap is closed and the other segment takes over, as soon as the lap
/// that was there is given up.
///
/// Giving a lap up is a checkpoint. The background task carries it out as soon as a lap is closed;
/// a writer that finds both segments full carries it out itself or waits for who does.
final class WriteLog implements Closeable {
  /// How long the background task waits before it tries a checkpoint again for which there was no
  /// space.
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final UUID disk;
  private final DiskHealth health;
  private final List<Segment> segments;
  private final int touchedMax;
  private final Work work;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final GroupSync group;

  private Lap active;
  private Optional<Lap> closing = Optional.empty();
  private boolean checkpointing;
  private boolean stopping;

  /// Behind the last record; written under the mutex.
  private volatile long end;

  /// Brings everything that a lap holds to the files, synced (rule L).
  @FunctionalInterface
  interface Work {
    void carryOut(Lap lap) throws IOException;
  }

  /// A record in the log. Whoever appended it calls [#taken] when its effect is in memory or in the
  /// file, for a checkpoint must not miss it.
  ///
  /// @param end the place behind it
  record Appended(Lap lap, long end) {}

  /// @param segments both of them
  /// @param newest lap that either of them has had; all of it is in the files
  WriteLog(
      UUID disk,
      Locks locks,
      DiskHealth health,
      List<Segment> segments,
      int newest,
      int touchedMax,
      Work work) {
    this.disk = disk;
    this.health = health;
    this.segments = List.copyOf(segments);
    this.touchedMax = touchedMax;
    this.work = work;
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.active = new Lap(newest, segments.get(newest % 2), Segment.START);
    this.end = active.place(active.end);
    this.group = new GroupSync(locks, end, () -> end, this::syncSegments);
  }

  /// The place behind the last record.
  long end() {
    return end;
  }

  /// The place below which everything is durable.
  long durable() {
    return group.synced();
  }

  /// Returns when every record before `place` is durable.
  void sync(long place) throws IOException {
    group.reach(place);
  }

  /// Writes a record at the end of the log; it is not durable yet.
  ///
  /// @param bytes the record, in which the head is filled in here
  /// @throws Disk.NoSpace where the log is full and cannot be emptied
  Appended append(LogRecord record, ByteBuffer bytes, ObjectFile file) throws IOException {
    mutex.lock();
    try {
      makeRoom(bytes.remaining(), file);
      Lap lap = active;
      record.encodeHead(
          bytes, new LogRecord.Stamp(lap.place(lap.end), durable(), lap.previousEnd), disk);
      health.run("write the log", () -> lap.segment.write(bytes.duplicate(), lap.end));
      lap.end += bytes.remaining();
      end = lap.place(lap.end);
      lap.inFlight++;
      if (lap.touched.add(file)) {
        file.pin();
      }
      return new Appended(lap, end);
    } finally {
      mutex.unlock();
    }
  }

  /// Says that a checkpoint may look at the object of this record.
  void taken(Appended appended) {
    mutex.lock();
    try {
      if (--appended.lap().inFlight == 0) {
        changed.wakeAll();
      }
    } finally {
      mutex.unlock();
    }
  }

  /// The files that have changes in the log.
  List<ObjectFile> touched() {
    mutex.lock();
    try {
      List<ObjectFile> files = new ArrayList<>(active.touched);
      closing.ifPresent(lap -> files.addAll(lap.touched));
      return files;
    } finally {
      mutex.unlock();
    }
  }

  /// Gives up everything: the next replay finds nothing. Nobody appends meanwhile.
  void empty() throws IOException {
    mutex.lock();
    try {
      while (closing.isPresent()) {
        advance();
      }
      if (active.end > Segment.START) {
        closeLap();
        while (closing.isPresent()) {
          advance();
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Begins a lap before which a replay needs nothing. The log is empty.
  void begin() throws IOException {
    mutex.lock();
    try {
      int lap = active.number + 1;
      Segment segment = segments.get(lap % 2);
      health.runOrFail("begin a lap of the log", () -> segment.begin(lap, lap));
      active = new Lap(lap, segment, Segment.START);
      end = active.place(active.end);
    } finally {
      mutex.unlock();
    }
  }

  /// Makes the segment ready that is not active. The log is empty.
  void prepareOther() throws IOException {
    int lap = active.number + 1;
    health.runOrFail(
        "prepare a segment of the log", () -> segments.get(lap % 2).begin(lap, lap - 1));
  }

  /// The life of the background task: gives up each lap that is closed, until [#stop] or until the
  /// disk fails.
  void checkpointUntilStopped() {
    mutex.lock();
    try {
      while (!stopping && health.good()) {
        if (closing.isEmpty()) {
          changed.await();
        } else {
          checkpointOnce();
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Ends the background task.
  void stop() {
    mutex.lock();
    try {
      stopping = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Tells that there may be space again.
  void spaceFreed() {
    mutex.lock();
    try {
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    try (Segment first = segments.getFirst();
        Segment second = segments.getLast()) {
      Invariant.check(first != second, "a log has two segments");
    }
  }

  private void checkpointOnce() {
    try {
      advance();
    } catch (Disk.NoSpace _) {
      changed.await(RETRY);
    } catch (IOException _) {
      // The disk is out of service, and the log has said so.
      Invariant.check(!health.good(), "a checkpoint failed on a disk in service");
    }
  }

  private void makeRoom(int length, ObjectFile file) throws IOException {
    health.check();
    while (!fits(length, file)) {
      if (closing.isEmpty()) {
        closeLap();
        Invariant.check(fits(length, file), "a record does not fit into an empty segment");
      } else {
        advance();
      }
      health.check();
    }
  }

  private boolean fits(int length, ObjectFile file) throws IOException {
    if (active.touched.size() >= touchedMax && !active.touched.contains(file)) {
      return false;
    }
    int needed = active.end + length;
    if (needed <= active.segment.length()) {
      return true;
    }
    boolean[] reached = new boolean[1];
    health.run("extend the log", () -> reached[0] = active.segment.reach(needed));
    return reached[0];
  }

  private void closeLap() {
    Lap closed = active;
    closing = Optional.of(closed);
    active = new Lap(closed.number + 1, segments.get((closed.number + 1) % 2), closed.end);
    end = active.place(active.end);
    changed.wakeAll();
  }

  /// Gives the closing lap up, or waits until somebody has tried. The mutex is held, and let go
  /// meanwhile.
  private void advance() throws IOException {
    if (checkpointing) {
      changed.await();
      return;
    }
    Lap lap = closing.orElseThrow();
    checkpointing = true;
    boolean done = false;
    try {
      while (lap.inFlight > 0) {
        changed.await();
      }
      mutex.unlock();
      try {
        giveUp(lap);
        done = true;
      } finally {
        mutex.lock();
      }
    } finally {
      checkpointing = false;
      if (done) {
        closing = Optional.empty();
        lap.touched.forEach(ObjectFile::unpin);
      }
      changed.wakeAll();
    }
  }

  private void giveUp(Lap lap) throws IOException {
    sync(lap.place(lap.end));
    work.carryOut(lap);
    health.runOrFail(
        "reuse a segment of the log", () -> lap.segment.begin(lap.number + 2, lap.number + 1));
  }

  private void syncSegments() throws IOException {
    List<Segment> unsynced = new ArrayList<>();
    mutex.lock();
    try {
      closing
          .filter(lap -> durable() < lap.place(lap.end))
          .ifPresent(lap -> unsynced.add(lap.segment));
      unsynced.add(active.segment);
    } finally {
      mutex.unlock();
    }
    for (Segment segment : unsynced) {
      health.runOrFail("sync the log", segment::sync);
    }
  }
}
