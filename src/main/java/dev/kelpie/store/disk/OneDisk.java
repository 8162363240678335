package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// One disk directory in service: its log, its names, and what is open on it.
final class OneDisk implements Closeable {
  /// How long a look at the free space holds. New objects are 4 MiB each, so a disk that seems a
  /// little emptier than it is does no harm.
  private static final Duration SPACE_KNOWN = Duration.ofSeconds(1);

  /// How long a close waits for the background task, which ends after the file it is at.
  private static final Duration STOP_LIMIT = Duration.ofMinutes(10);

  private final DiskDirectory directory;
  private final Disk files;
  private final Locks locks;
  private final Clock clock;
  private final Log messages;
  private final DiskStoreConfig config;
  private final DiskHealth health;
  private final DamageReports damage;
  private final WriteLog log;
  private final GroupSync names;
  private final Deferred deferred;
  private final Crew crew;
  private final Closeable lock;
  private final Optional<Tasks.Task> background;
  private final Locks.Mutex relief;

  /// Counts the changes of names in `obj/`.
  private final AtomicLong namesChanged = new AtomicLong();

  private final AtomicLong waitingBytes = new AtomicLong();
  private final AtomicBoolean fullSaid = new AtomicBoolean();

  private volatile boolean leaving;
  private volatile long freeBytes;
  private volatile long freeKnownAt;

  /// @param segments of the log, of which everything is in the files
  /// @param newest lap that the log has had
  /// @param lock on the directory, released by [#close]
  OneDisk(
      DiskDirectory directory,
      Platform platform,
      Log messages,
      DiskStoreConfig config,
      List<Segment> segments,
      int newest,
      Closeable lock)
      throws IOException {
    this.directory = directory;
    this.files = platform.disk();
    this.locks = platform.locks();
    this.clock = platform.clock();
    this.messages = messages;
    this.config = config;
    this.lock = lock;
    this.health = new DiskHealth(directory.path(), messages);
    this.damage = new DamageReports(messages, locks);
    this.crew = new Crew(platform.tasks(), locks, config.tasks());
    this.relief = locks.mutex();
    this.log =
        new WriteLog(
            directory.identity().disk(),
            locks,
            health,
            segments,
            newest,
            config.touchedObjectsMax(),
            this::checkpoint);
    this.names =
        new GroupSync(
            locks,
            0,
            namesChanged::get,
            () ->
                health.runOrFail(
                    "sync " + directory.objects(), () -> files.syncDirectory(directory.objects())));
    this.deferred = new Deferred(locks, crew, log, names);
    log.begin();
    log.prepareOther();
    this.freeBytes = files.space(directory.path()).usable();
    this.freeKnownAt = clock.nanos();
    this.background =
        config.background()
            ? Optional.of(
                platform.tasks().startDedicated("disk-checkpoint", log::checkpointUntilStopped))
            : Optional.empty();
  }

  DiskDirectory directory() {
    return directory;
  }

  Disk files() {
    return files;
  }

  Locks locks() {
    return locks;
  }

  DiskStoreConfig config() {
    return config;
  }

  DiskHealth health() {
    return health;
  }

  DamageReports damage() {
    return damage;
  }

  WriteLog log() {
    return log;
  }

  Deferred deferred() {
    return deferred;
  }

  /// Whether it is being emptied and nothing new is to go there.
  boolean leaving() {
    return leaving;
  }

  void leaving(boolean soon) {
    leaving = soon;
  }

  /// The file of an object, whether it is there or not.
  Path pathOf(ObjectId object) {
    return directory.objects().resolve(object.toString());
  }

  /// How many bytes of changes wait in memory.
  AtomicLong waitingBytes() {
    return waitingBytes;
  }

  /// Notes that a name in `obj/` was changed.
  ///
  /// @return the number of this change, for [#syncNames(long)]
  long nameChanged() {
    return namesChanged.incrementAndGet();
  }

  /// Makes the changes of names up to this one durable.
  void syncNames(long change) throws IOException {
    names.reach(change);
  }

  /// Makes all changes of names durable.
  void syncNames() throws IOException {
    names.reach(namesChanged.get());
  }

  /// Brings waiting changes to the files when they are too many.
  ///
  /// @throws Disk.NoSpace where the disk has no room for them
  void relieve() throws IOException {
    if (waitingBytes.get() <= config.waitingBytesMax()) {
      return;
    }
    relief.lock();
    try {
      if (waitingBytes.get() > config.waitingBytesMax()) {
        log.sync(log.end());
        for (ObjectFile file : log.touched()) {
          file.apply();
        }
        if (waitingBytes.get() > config.waitingBytesMax() * 2L) {
          throw new Disk.NoSpace(directory.path() + " has no room for what waits to be written");
        }
      }
    } finally {
      relief.unlock();
    }
  }

  /// Says once that the disk is full, until there was space again.
  void noteFull(Disk.NoSpace full) {
    if (fullSaid.compareAndSet(false, true)) {
      messages.error(
          "disk "
              + directory.path()
              + " is full: "
              + full.getMessage()
              + "; writes that need space are refused until something is deleted from it");
    }
  }

  /// Tells that something was deleted.
  void spaceFreed() {
    fullSaid.set(false);
    log.spaceFreed();
  }

  /// What can still be stored here, by a recent look; empty where the disk is out of service.
  OptionalLong freeBytes() {
    try {
      health.runOrFail("ask for the free space", this::lookAtSpace);
      return OptionalLong.of(freeBytes);
    } catch (IOException _) {
      // It is out of service, and the log has said so.
      return OptionalLong.empty();
    }
  }

  private void lookAtSpace() throws IOException {
    if (clock.nanos() - freeKnownAt > SPACE_KNOWN.toNanos()) {
      freeBytes = files.space(directory.path()).usable();
      freeKnownAt = clock.nanos();
    }
  }

  /// Room on the device.
  DiskSpace space() {
    try {
      health.check();
      Disk.Space space = files.space(directory.path());
      return new DiskSpace(directory.path(), space.total(), space.usable(), true);
    } catch (IOException failure) {
      messages.error("cannot ask for the space of disk " + directory.path() + ": " + failure);
      return new DiskSpace(directory.path(), 0, 0, false);
    }
  }

  /// Closes a file to which nothing more is to be written.
  void closeQuietly(DiskFile file, Path path) {
    try {
      file.close();
    } catch (IOException failure) {
      messages.warn("cannot close " + path + ": " + failure);
    }
  }

  /// Ends the background task when it has done what it is at.
  void stop() {
    log.stop();
  }

  /// Brings everything to the files and marks the log as empty. Nobody uses the disk any more.
  ///
  /// @throws IOException where that failed; the next start replays the log
  @Override
  public void close() throws IOException {
    try (lock;
        log) {
      stop();
      joinBackground();
      if (health.good()) {
        log.empty();
        log.begin();
        syncNames();
      }
    }
  }

  private void joinBackground() throws IOException {
    if (background.isEmpty()) {
      return;
    }
    try {
      if (!background.get().join(STOP_LIMIT)) {
        throw new IOException("the checkpoint of " + directory.path() + " does not end");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while closing " + directory.path(), interrupted);
    }
  }

  private void checkpoint(Lap lap) throws IOException {
    try {
      crew.each(List.copyOf(lap.touched), file -> file.checkpoint(lap));
      // What was removed or replaced was passed over, and must not come back without its records.
      syncNames();
    } catch (Disk.NoSpace full) {
      noteFull(full);
      throw full;
    }
    deferred.settled(lap.place(lap.end));
  }
}
