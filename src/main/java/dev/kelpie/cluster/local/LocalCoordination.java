package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Watchers;
import dev.kelpie.cluster.journal.Records;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;

/// The records that the processes of one machine share through a directory. The package text tells
/// how, and why a lease has no end here.
///
/// Where the directory cannot be used any more (it is gone, it cannot be read for a second, a sync
/// failed), every later call fails with the reason, what was announced is lost, and others take
/// this process for gone. It may open the directory anew.
public final class LocalCoordination implements Coordination {
  /// How often a process looks for what others changed, and for the death of others.
  static final Duration LOOK_EVERY = Duration.ofMillis(40);

  /// Each so many looks, it looks whether the directory still is what it was.
  private static final int CHECK_EVERY = 10;

  /// How many looks in a row may fail: those of a second.
  private static final int FAILED_LOOKS_MAX = 25;

  private final Platform platform;
  private final Log log;
  private final Path directory;
  private final Watchers watchers;
  private final Session session;
  private final Announcements announcements;
  private final SharedRecords records;
  private final Lookout lookout;
  private int looks;
  private int failedLooks;

  /// Opens the records of a directory, which exists.
  ///
  /// @throws IOException where that cannot be done; other processes notice nothing
  public LocalCoordination(Platform platform, Log log, Path directory) throws IOException {
    this.platform = platform;
    this.log = log;
    this.directory = directory;
    this.watchers = new Watchers(platform.tasks(), platform.locks(), log);
    DirectoryLock lock = new DirectoryLock(platform, directory);
    try (Closeable _ = lock.take()) {
      this.session = Session.begin(platform, directory);
      this.announcements = new Announcements(session.name());
      this.records = openRecords(lock);
    }
    this.lookout = startLookout();
  }

  private SharedRecords openRecords(DirectoryLock lock) throws IOException {
    try {
      return new SharedRecords(platform, log, directory, lock, new Told());
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private Lookout startLookout() throws IOException {
    try {
      return Lookout.start(platform, "cluster-lookout", LOOK_EVERY, this::look);
    } catch (RejectedExecutionException e) {
      session.close();
      records.close();
      throw new IOException(directory + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Optional<Stored> read(String key) throws IOException {
    return records.ask(now -> now.read(key));
  }

  @Override
  public List<Stored> list(String prefix) throws IOException {
    return records.ask(now -> now.list(prefix));
  }

  @Override
  public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    Records.requireValid(changes, checks);
    boolean _ =
        records.ask(now -> {
          now.requireLasting(changes, checks);
          return true;
        });
    return records.change(draft -> draft.commit(changes, checks), () -> {});
  }

  @Override
  public Watch watch(String prefix, Runnable changed) {
    return watchers.add(prefix, changed);
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException {
    return announcements.make(records, key, value, lost);
  }

  /// Ends what was announced, and gives the directory up.
  @Override
  public void close() throws IOException {
    watchers.close();
    lookout.close();
    announcements.closeAll();
    try (session) {
      if (records.isUsable()) {
        records.change(draft -> draft.bury(session.name()), () -> {});
        session.end();
      }
    } catch (IOException e) {
      log.info(directory + ": others have to clear up after this process: " + e.getMessage());
    } finally {
      records.close();
    }
  }

  private void look() {
    announcements.tellLost(platform.tasks(), log);
    if (!records.isUsable()) {
      return;
    }
    try {
      NavigableSet<String> sessions = records.ask(now -> new TreeSet<>(now.sessions()));
      if (looks++ % CHECK_EVERY == 0) {
        records.check();
        session.check();
      }
      buryIfOver(neighbour(sessions));
      buryIfOver(anyOf(sessions));
      failedLooks = 0;
    } catch (Unusable e) {
      records.fail(e);
    } catch (IOException e) {
      failedLooks++;
      if (failedLooks > FAILED_LOOKS_MAX) {
        records.fail(e);
      }
    }
    announcements.tellLost(platform.tasks(), log);
  }

  /// The session that follows this one in the order of names; the first where this is the last.
  private Optional<String> neighbour(NavigableSet<String> sessions) {
    return Optional.ofNullable(sessions.higher(session.name()))
        .or(() -> sessions.stream().findFirst());
  }

  private Optional<String> anyOf(Set<String> sessions) {
    return sessions.isEmpty()
        ? Optional.empty()
        : sessions.stream().skip(platform.chance().nextInt(sessions.size())).findFirst();
  }

  private void buryIfOver(Optional<String> found) throws IOException {
    if (found.isEmpty() || found.get().equals(session.name())) {
      return;
    }
    String other = found.get();
    Disk disk = platform.disk();
    if (Session.isOver(disk, directory, other)) {
      if (records.change(draft -> draft.bury(other), () -> {})) {
        log.info(directory + ": the process of " + other + " has ended; its records are removed");
      }
      Session.clear(disk, directory, other);
    }
  }

  /// What happens to the records.
  private final class Told implements SharedRecords.Listener {
    @Override
    public void changed(Set<String> keys, Records now) {
      announcements.changed(keys, now);
      keys.forEach(watchers::changed);
    }

    @Override
    public void failed(IOException why) {
      log.alert(String.valueOf(why.getMessage()));
      announcements.loseAll();
      watchers.anyChanged();
      try {
        session.close();
      } catch (IOException e) {
        log.warn(directory + ": " + session.name() + " was not released: " + e.getMessage());
      }
    }
  }
}
