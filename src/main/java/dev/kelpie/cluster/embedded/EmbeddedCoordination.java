package dev.kelpie.cluster.embedded;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Watchers;
import dev.kelpie.cluster.journal.Draft;
import dev.kelpie.cluster.journal.Records;
import dev.kelpie.cluster.journal.Update;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// The records of a node that is alone: all in memory, each commit durable in a [CommitLog] before
/// it is answered.
///
/// Commits that arrive while another one is being written wait and go together in the next frame
/// (group commit): whoever finds nobody writing leads, writes the frame of everybody in the queue,
/// and wakes them. The lock is not held over the write.
///
/// Nobody else looks at these records, so what is announced stays in memory, for as long as it is
/// open. What others announced in a file that comes from a shared directory is not read.
///
/// Where it becomes unknown whether a commit is durable, it throws, and so does every later one
/// until the file is opened again; reads go on with what is known to be durable.
public final class EmbeddedCoordination implements Coordination {
  /// The one session that there is.
  private static final String SESSION = "this";

  /// Commits that go in one frame, in bytes; bounds the buffer.
  private static final int GROUP_MAX = 4 << 20;

  /// A log smaller than this is never worth rewriting.
  private static final long REWRITE_MIN = 1 << 20;

  private final CommitLog file;
  private final Log log;
  private final Locks.Mutex mutex;
  private final Locks.Signal written;
  private final Records records = new Records();
  private final Watchers watchers;
  private final Deque<Commit> queue = new ArrayDeque<>();
  private boolean writing;
  private Optional<IOException> unusable = Optional.empty();
  private long rewriteAt;

  /// Opens the records of a node's directory, creating the file where there is none.
  ///
  /// @throws IOException where the file is of another format version or damaged; nothing was
  ///   changed
  public EmbeddedCoordination(Platform platform, Log log, Path directory) throws IOException {
    this.log = log;
    this.mutex = platform.locks().mutex();
    this.written = mutex.signal();
    this.watchers = new Watchers(platform.tasks(), platform.locks(), log);
    this.file = CommitLog.open(platform, log, directory, this::load);
    this.rewriteAt = Math.max(REWRITE_MIN, 2 * records.bytes());
  }

  @Override
  public Optional<Stored> read(String key) {
    mutex.lock();
    try {
      return records.read(key);
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public List<Stored> list(String prefix) {
    mutex.lock();
    try {
      return records.list(prefix);
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public Watch watch(String prefix, Runnable changed) {
    return watchers.add(prefix, changed);
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable lost) {
    Records.requireValid(key, value);
    mutex.lock();
    try {
      if (!changeAnnounced(draft -> draft.announce(key, value.clone(), SESSION))) {
        return Optional.empty();
      }
    } finally {
      mutex.unlock();
    }
    watchers.changed(key);
    return Optional.of(new Announced(key));
  }

  /// Changes records in memory only. Called with the lock.
  private boolean changeAnnounced(Predicate<Draft> change) {
    Draft draft = new Draft(records);
    boolean done = change.test(draft);
    draft.updates().forEach(records::apply);
    return done;
  }

  /// A record in memory.
  private final class Announced implements Presence {
    private final String key;

    Announced(String key) {
      this.key = key;
    }

    @Override
    public long lease() {
      mutex.lock();
      try {
        return records.session(key).isPresent() ? Long.MAX_VALUE : 0;
      } finally {
        mutex.unlock();
      }
    }

    @Override
    public void update(byte[] value) throws IOException {
      Records.requireValid(key, value);
      mutex.lock();
      try {
        if (!changeAnnounced(draft -> draft.change(key, value.clone(), SESSION))) {
          throw new IOException(key + " is not announced any more");
        }
      } finally {
        mutex.unlock();
      }
      watchers.changed(key);
    }

    @Override
    public void close() {
      mutex.lock();
      try {
        changeAnnounced(draft -> draft.withdraw(key, SESSION));
      } finally {
        mutex.unlock();
      }
      watchers.changed(key);
    }
  }

  @Override
  public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    Records.requireValid(changes, checks);
    Commit commit = new Commit(changes, checks);
    mutex.lock();
    try {
      records.requireLasting(changes, checks);
      queue.add(commit);
      while (!commit.done) {
        if (writing) {
          written.await();
        } else {
          writeGroup();
        }
      }
    } finally {
      mutex.unlock();
    }
    if (commit.failure.isPresent()) {
      throw failed(commit.failure.get());
    }
    return commit.accepted;
  }

  @Override
  public void close() throws IOException {
    watchers.close();
    mutex.lock();
    try {
      while (writing) {
        written.await();
      }
      unusable = Optional.of(new IOException("the records are closed"));
      changeAnnounced(draft -> draft.bury(SESSION));
    } finally {
      mutex.unlock();
    }
    file.close();
  }

  /// Called with the lock, which is given up while the frame is written.
  private void writeGroup() {
    List<Commit> group = new ArrayList<>();
    List<Update> updates = takeGroup(group);
    Optional<IOException> failure = Optional.of(new IOException("the write was cut short"));
    try {
      failure = unusable.isPresent() ? unusable : write(updates);
    } finally {
      for (Commit commit : group) {
        commit.done = true;
        commit.failure = failure;
      }
      written.wakeAll();
    }
    if (failure.isEmpty()) {
      updates.forEach(records::apply);
      updates.forEach(update -> watchers.changed(update.key()));
      rewriteIfWorthwhile();
    }
  }

  /// Moves commits from the queue to `group` and decides each.
  private List<Update> takeGroup(List<Commit> group) {
    Draft draft = new Draft(records);
    while (!queue.isEmpty() && draft.size() < GROUP_MAX) {
      Commit commit = queue.remove();
      group.add(commit);
      commit.accepted = draft.commit(commit.changes, commit.checks);
    }
    return draft.updates();
  }

  private Optional<IOException> write(List<Update> updates) {
    if (updates.isEmpty()) {
      return Optional.empty();
    }
    writing = true;
    mutex.unlock();
    Optional<IOException> failure = Optional.empty();
    try {
      file.append(updates);
    } catch (IOException e) {
      failure = Optional.of(e);
    } finally {
      mutex.lock();
      writing = false;
    }
    failure.filter(InDoubt.class::isInstance).ifPresent(this::becomeUnusable);
    return failure;
  }

  private void becomeUnusable(IOException why) {
    unusable = Optional.of(new IOException(why.getMessage(), why));
    log.alert(why.getMessage() + " (" + why.getCause() + ")");
  }

  private void load(Update update) {
    if (update.session().isEmpty()) {
      records.apply(update);
    }
  }

  /// Garbage is what later commits replaced. Rewriting when it makes up more than half keeps the
  /// cost of each commit constant on average.
  private void rewriteIfWorthwhile() {
    if (file.size() < rewriteAt) {
      return;
    }
    try {
      file.rewrite(records.updates().stream().filter(made -> made.session().isEmpty()).toList());
    } catch (InDoubt e) {
      becomeUnusable(e);
    } catch (IOException e) {
      log.warn(file.path() + " was not compacted and goes on growing: " + e.getMessage());
    }
    rewriteAt = Math.max(REWRITE_MIN, 2 * file.size());
  }

  /// An exception of the caller's own; a shared one would carry another task's stack.
  private static IOException failed(IOException why) {
    return why instanceof InDoubt
        ? new InDoubt("committed or not: " + why.getMessage(), why)
        : new IOException("not committed: " + why.getMessage(), why);
  }

  /// A commit in the queue. All fields but the final ones are guarded by the lock.
  private static final class Commit {
    final List<Put> changes;
    final List<Check> checks;
    boolean accepted;
    boolean done;
    Optional<IOException> failure = Optional.empty();

    Commit(List<Put> changes, List<Check> checks) {
      this.changes = changes;
      this.checks = checks;
    }
  }
}
