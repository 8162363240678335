package dev.kelpie.cluster.embedded;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Watchers;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The records of a node that is alone: all in memory, each commit durable in a [CommitLog] before
/// it is answered.
///
/// Commits that arrive while another one is being written wait and go together in the next frame
/// (group commit): whoever finds nobody writing leads, writes the frame of everybody in the queue,
/// and wakes them. The lock is not held over the write.
///
/// Nobody else looks at these records, so what is announced stays in memory, for as long as it is
/// open.
///
/// Where it becomes unknown whether a commit is durable, it throws, and so does every later one
/// until the file is opened again; reads go on with what is known to be durable.
public final class EmbeddedCoordination implements Coordination {
  private static final int KEY_MAX = 512;

  /// Commits that go in one frame, in bytes; bounds the buffer.
  private static final int GROUP_MAX = 4 << 20;

  /// A log smaller than this is never worth rewriting.
  private static final long REWRITE_MIN = 1 << 20;

  private final CommitLog file;
  private final Log log;
  private final Locks.Mutex mutex;
  private final Locks.Signal written;
  private final NavigableMap<String, Stored> records = new TreeMap<>();
  private final NavigableMap<String, Stored> announced = new TreeMap<>();
  private final Watchers watchers;
  private final Deque<Commit> queue = new ArrayDeque<>();
  private boolean writing;
  private Optional<IOException> unusable = Optional.empty();
  private long liveBytes;
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
    this.file = CommitLog.open(platform, log, directory, this::apply);
    this.rewriteAt = Math.max(REWRITE_MIN, 2 * liveBytes);
  }

  @Override
  public Optional<Stored> read(String key) {
    mutex.lock();
    try {
      return Optional.ofNullable(records.getOrDefault(key, announced.get(key)))
          .map(EmbeddedCoordination::copy);
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public List<Stored> list(String prefix) {
    mutex.lock();
    try {
      List<Stored> found = new ArrayList<>();
      addAll(records, prefix, found);
      addAll(announced, prefix, found);
      found.sort(Comparator.comparing(Stored::key));
      return found;
    } finally {
      mutex.unlock();
    }
  }

  private static void addAll(NavigableMap<String, Stored> from, String prefix, List<Stored> to) {
    for (Stored stored : from.tailMap(prefix, true).values()) {
      if (!stored.key().startsWith(prefix)) {
        return;
      }
      to.add(copy(stored));
    }
  }

  @Override
  public Watch watch(String prefix, Runnable changed) {
    return watchers.add(prefix, changed);
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable lost) {
    check(List.of(new Put(key, Optional.of(value), 0)));
    mutex.lock();
    try {
      if (records.containsKey(key) || announced.containsKey(key)) {
        return Optional.empty();
      }
      announced.put(key, new Stored(key, value.clone(), 1));
    } finally {
      mutex.unlock();
    }
    watchers.changed(key);
    return Optional.of(new Announced(key));
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
        return announced.containsKey(key) ? Long.MAX_VALUE : 0;
      } finally {
        mutex.unlock();
      }
    }

    @Override
    public void update(byte[] value) throws IOException {
      check(List.of(new Put(key, Optional.of(value), 0)));
      mutex.lock();
      try {
        Stored before = announced.get(key);
        if (before == null) {
          throw new IOException(key + " is not announced any more");
        }
        announced.put(key, new Stored(key, value.clone(), before.version() + 1));
      } finally {
        mutex.unlock();
      }
      watchers.changed(key);
    }

    @Override
    public void close() {
      mutex.lock();
      try {
        announced.remove(key);
      } finally {
        mutex.unlock();
      }
      watchers.changed(key);
    }
  }

  @Override
  public boolean commit(List<Put> changes) throws IOException {
    check(changes);
    Commit commit = new Commit(changes);
    mutex.lock();
    try {
      for (Put put : changes) {
        if (announced.containsKey(put.key())) {
          throw new IllegalArgumentException(put.key() + " goes with its maker");
        }
      }
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
      announced.clear();
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
      updates.forEach(this::apply);
      updates.forEach(update -> watchers.changed(update.key()));
      rewriteIfWorthwhile();
    }
  }

  /// Moves commits from the queue to `group` and decides each: it sees those before it in the
  /// group.
  private List<Update> takeGroup(List<Commit> group) {
    Map<String, Update> pending = new HashMap<>();
    List<Update> updates = new ArrayList<>();
    long size = 0;
    while (!queue.isEmpty() && size < GROUP_MAX) {
      Commit commit = queue.remove();
      group.add(commit);
      commit.accepted =
          commit.changes.stream().allMatch(put -> version(pending, put) == put.expected());
      if (commit.accepted) {
        for (Put put : commit.changes) {
          Update update = new Update(put.key(), put.expected() + 1, put.value());
          pending.put(put.key(), update);
          updates.add(update);
          size += update.size();
        }
      }
    }
    return updates;
  }

  private long version(Map<String, Update> pending, Put put) {
    Update before = pending.get(put.key());
    if (before != null) {
      return before.value().isPresent() ? before.version() : 0;
    }
    Stored stored = records.get(put.key());
    return stored == null ? 0 : stored.version();
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

  private void apply(Update update) {
    Stored before = records.remove(update.key());
    liveBytes -= before == null ? 0 : Update.of(before).size();
    update.stored().ifPresent(now -> records.put(now.key(), now));
    liveBytes += update.value().isPresent() ? update.size() : 0;
  }

  /// Garbage is what later commits replaced. Rewriting when it makes up more than half keeps the
  /// cost of each commit constant on average.
  private void rewriteIfWorthwhile() {
    if (file.size() < rewriteAt) {
      return;
    }
    try {
      file.rewrite(records.values().stream().map(Update::of).toList());
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

  private static void check(List<Put> changes) {
    Set<String> keys = new HashSet<>();
    for (Put put : changes) {
      int length = put.key().getBytes(StandardCharsets.UTF_8).length;
      if (length == 0 || length > KEY_MAX) {
        throw new IllegalArgumentException("a key has 1 to " + KEY_MAX + " bytes: " + put.key());
      }
      if (put.value().map(value -> value.length).orElse(0) > VALUE_MAX) {
        throw new IllegalArgumentException("the value of " + put.key() + " is too long");
      }
      if (!keys.add(put.key())) {
        throw new IllegalArgumentException("two changes of " + put.key() + " in one commit");
      }
    }
  }

  private static Stored copy(Stored stored) {
    return new Stored(stored.key(), stored.value().clone(), stored.version());
  }

  /// A commit in the queue. All fields but the first are guarded by the lock.
  private static final class Commit {
    final List<Put> changes;
    boolean accepted;
    boolean done;
    Optional<IOException> failure = Optional.empty();

    Commit(List<Put> changes) {
      this.changes = changes;
    }
  }
}
