package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.journal.Draft;
import dev.kelpie.cluster.journal.Records;
import dev.kelpie.cluster.journal.Update;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/// The records of a directory in the memory of one process, and the turns in which it changes them.
///
/// Changes that arrive while a turn is under way wait and go together in the next one, in one
/// frame: whoever finds no turn under way makes it, for everybody in the queue. A turn takes the
/// directory's lock, reads what others have written, decides, and writes. The mutex is not held
/// while it waits for the lock or the disk, so reads go on.
///
/// All that gets into memory comes from the file, what this process wrote included, so that there
/// is one way in and one order.
final class SharedRecords {
  /// Changes that go in one frame, in bytes; bounds the buffer.
  private static final int GROUP_MAX = 4 << 20;

  /// A file smaller than this is never worth rewriting.
  private static final long REWRITE_MIN = 1 << 20;

  private final Log log;
  private final DirectoryLock lock;
  private final SharedLog file;
  private final Listener listener;
  private final Locks.Mutex mutex;
  private final Locks.Signal turned;
  private final Deque<Change> queue = new ArrayDeque<>();
  private Records records = new Records();
  private boolean busy;
  private Optional<IOException> unusable = Optional.empty();
  private long rewriteAt = REWRITE_MIN;

  /// Is called with the mutex, so it must not wait.
  interface Listener {
    /// These records have changed.
    void changed(Set<String> keys, Records now);

    /// No call succeeds any more.
    void failed(IOException why);
  }

  /// Opens the records of a directory whose lock the caller has.
  SharedRecords(Platform platform, Log log, Path directory, DirectoryLock lock, Listener listener)
      throws IOException {
    this.log = log;
    this.lock = lock;
    this.listener = listener;
    this.mutex = platform.locks().mutex();
    this.turned = mutex.signal();
    this.file = SharedLog.open(platform, log, directory);
    try {
      bringUp(platform.disk(), directory);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /// Reads all there is, without what dead processes announced.
  private void bringUp(Disk disk, Path directory) throws IOException {
    take(file.follow(), records);
    Set<String> sessions = new TreeSet<>(Session.all(disk, directory));
    sessions.addAll(records.sessions());
    List<String> over = new ArrayList<>();
    Draft draft = new Draft(records);
    for (String session : sessions) {
      if (Session.isOver(disk, directory, session)) {
        draft.bury(session);
        over.add(session);
      }
    }
    if (!draft.updates().isEmpty()) {
      file.write(file.append(), draft.updates());
      take(file.follow(), records);
    }
    for (String session : over) {
      Session.clear(disk, directory, session);
    }
    rewriteAt = Math.max(REWRITE_MIN, 2 * records.bytes());
  }

  /// Answers a question about the records, which are those of now.
  <T> T ask(Function<Records, T> question) throws IOException {
    mutex.lock();
    try {
      followOn();
      return question.apply(records);
    } finally {
      mutex.unlock();
    }
  }

  /// Looks whether the directory still is what was opened.
  void check() throws IOException {
    mutex.lock();
    try {
      requireUsable();
      file.check();
    } finally {
      mutex.unlock();
    }
  }

  /// Makes a change, durably.
  ///
  /// @param decision puts it in the draft, or says that it is not to be made
  /// @param made is done once it is made, with the mutex
  /// @return what the decision was
  /// @throws InDoubt where it is not known whether it was made
  boolean change(Predicate<Draft> decision, Runnable made) throws IOException {
    Change change = new Change(decision, made);
    mutex.lock();
    try {
      requireUsable();
      queue.add(change);
      while (!change.done) {
        if (busy) {
          turned.await();
        } else {
          turn();
        }
      }
    } finally {
      mutex.unlock();
    }
    if (change.failure.isPresent()) {
      throw failed(change.failure.get());
    }
    return change.accepted;
  }

  /// Lets every later call fail.
  void fail(IOException why) {
    mutex.lock();
    try {
      if (unusable.isEmpty()) {
        unusable = Optional.of(why);
        listener.failed(why);
      }
    } finally {
      mutex.unlock();
    }
  }

  boolean isUsable() {
    mutex.lock();
    try {
      return unusable.isEmpty();
    } finally {
      mutex.unlock();
    }
  }

  void close() throws IOException {
    mutex.lock();
    try {
      unusable = unusable.or(() -> Optional.of(new IOException("the records are closed")));
      while (busy) {
        turned.await();
      }
    } finally {
      mutex.unlock();
    }
    file.close();
  }

  private void requireUsable() throws IOException {
    if (unusable.isPresent()) {
      throw new IOException(unusable.get().getMessage(), unusable.get());
    }
  }

  private void followOn() throws IOException {
    requireUsable();
    try {
      apply(file.follow());
    } catch (Unusable e) {
      fail(e);
      throw e;
    }
  }

  private void apply(News news) {
    Set<String> changed;
    if (news.startOver()) {
      Records fresh = new Records();
      take(news, fresh);
      changed = fresh.differences(records);
      records = fresh;
      rewriteAt = Math.max(REWRITE_MIN, 2 * records.bytes());
    } else {
      take(news, records);
      changed = new TreeSet<>(news.updates().stream().map(Update::key).toList());
    }
    if (!changed.isEmpty()) {
      listener.changed(changed, records);
    }
  }

  private static void take(News news, Records into) {
    news.updates().forEach(into::apply);
  }

  /// Called with the mutex, which is given up while this waits for the directory or its disk.
  private void turn() {
    busy = true;
    List<Change> group = new ArrayList<>();
    Optional<IOException> failure =
        Optional.of(new InDoubt("the turn was cut short", new IOException("by an error")));
    try (Closeable _ = enterDirectory()) {
      apply(file.enter());
      write(decide(group));
      answer(group, Optional.empty());
      apply(file.follow());
      rewriteIfWorthwhile();
    } catch (IOException e) {
      failure = Optional.of(e);
      afterFailure(group, e);
    } finally {
      if (group.isEmpty()) {
        group.addAll(queue);
        queue.clear();
      }
      answer(group, failure);
      busy = false;
      turned.wakeAll();
    }
  }

  private Closeable enterDirectory() throws IOException {
    requireUsable();
    return unlocked(lock::take);
  }

  private Draft decide(List<Change> group) throws IOException {
    requireUsable();
    Draft draft = new Draft(records);
    while (!queue.isEmpty() && draft.size() < GROUP_MAX) {
      Change change = queue.remove();
      group.add(change);
      change.accepted = change.decision.test(draft);
    }
    return draft;
  }

  private void write(Draft draft) throws IOException {
    List<Update> updates = draft.updates();
    if (updates.isEmpty()) {
      return;
    }
    SharedLog.Append append = file.append();
    unlocked(() -> {
      file.write(append, updates);
      return append;
    });
    if (unusable.isPresent()) {
      throw new InDoubt(String.valueOf(unusable.get().getMessage()), unusable.get());
    }
  }

  private static void answer(List<Change> group, Optional<IOException> failure) {
    for (Change change : group) {
      if (!change.done) {
        change.done = true;
        change.failure = failure;
        if (failure.isEmpty() && change.accepted) {
          change.made.run();
        }
      }
    }
  }

  private void afterFailure(List<Change> group, IOException why) {
    if (why instanceof InDoubt || why instanceof Unusable) {
      fail(why);
    } else if (!group.isEmpty() && group.getFirst().done) {
      log.warn(file.path() + ": after a commit: " + why.getMessage());
    }
  }

  /// Garbage is what later commits replaced. Rewriting when it makes up more than half keeps the
  /// cost of each commit constant on average.
  private void rewriteIfWorthwhile() {
    if (file.size() < rewriteAt) {
      return;
    }
    SharedLog.Append tail = file.append();
    Collection<Update> updates = records.updates();
    try {
      unlocked(() -> {
        file.rewrite(tail, updates);
        return tail;
      });
      apply(file.follow());
    } catch (IOException e) {
      log.warn(file.path() + " was not compacted and goes on growing: " + e.getMessage());
    }
    rewriteAt = Math.max(REWRITE_MIN, 2 * file.size());
  }

  private <T> T unlocked(Call<T> call) throws IOException {
    mutex.unlock();
    try {
      return call.make();
    } finally {
      mutex.lock();
    }
  }

  /// An exception of the caller's own; a shared one would carry another task's stack.
  private static IOException failed(IOException why) {
    return why instanceof InDoubt
        ? new InDoubt("committed or not: " + why.getMessage(), why)
        : new IOException("not committed: " + why.getMessage(), why);
  }

  private interface Call<T> {
    T make() throws IOException;
  }

  /// A change in the queue. What is not final is guarded by the mutex.
  private static final class Change {
    final Predicate<Draft> decision;
    final Runnable made;
    boolean accepted;
    boolean done;
    Optional<IOException> failure = Optional.empty();

    Change(Predicate<Draft> decision, Runnable made) {
      this.decision = decision;
      this.made = made;
    }
  }
}
