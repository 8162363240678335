package dev.kelpie.testing;

import dev.kelpie.cluster.Coordination;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/// Records in memory. Can be told to fail, to let somebody else in before a commit, and to lose the
/// answer to one.
public final class MemoryCoordination implements Coordination {
  private final ReentrantLock lock = new ReentrantLock();
  private final SortedMap<String, Stored> records = new TreeMap<>();
  private volatile Runnable beforeCommit = () -> {};
  private volatile boolean failing;
  private volatile boolean losing;

  /// Runs this once, before the next commit.
  public void beforeNextCommit(Runnable other) {
    beforeCommits(() -> {
      beforeCommits(() -> {});
      other.run();
    });
  }

  /// Runs this before every commit from now on.
  public void beforeCommits(Runnable other) {
    beforeCommit = other;
  }

  /// What an operator keeps of the records.
  public SortedMap<String, Stored> backup() {
    lock.lock();
    try {
      return new TreeMap<>(records);
    } finally {
      lock.unlock();
    }
  }

  /// Puts a backup in the place of all records.
  public void restore(SortedMap<String, Stored> backup) {
    lock.lock();
    try {
      records.clear();
      records.putAll(backup);
    } finally {
      lock.unlock();
    }
  }

  /// Lets the next commit be made, or not, and its answer be lost.
  public void loseNextAnswer() {
    losing = true;
  }

  /// Lets every call fail, or no longer.
  public void fail(boolean fail) {
    failing = fail;
  }

  @Override
  public Optional<Stored> read(String key) throws IOException {
    check();
    lock.lock();
    try {
      return Optional.ofNullable(records.get(key));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Stored> list(String prefix) throws IOException {
    check();
    lock.lock();
    try {
      return records.values().stream().filter(r -> r.key().startsWith(prefix)).toList();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    check();
    beforeCommit.run();
    boolean made = make(changes, checks);
    if (losing) {
      losing = false;
      throw new InDoubt("no answer to a commit", new IOException("injected fault"));
    }
    return made;
  }

  private boolean make(List<Put> changes, List<Check> checks) {
    lock.lock();
    try {
      if (!changes.stream().allMatch(put -> version(put.key()) == put.expected())
          || !checks.stream().allMatch(check -> version(check.key()) == check.version())) {
        return false;
      }
      for (Put put : changes) {
        if (put.value().isEmpty()) {
          records.remove(put.key());
        } else {
          byte[] value = put.value().get();
          if (value.length > VALUE_MAX) {
            throw new IllegalArgumentException(put.key() + " has " + value.length + " bytes");
          }
          records.put(put.key(), new Stored(put.key(), value.clone(), put.expected() + 1));
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Nobody else changes these records, so nothing is told.
  @Override
  public Watch watch(String prefix, Runnable changed) {
    return () -> {};
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable lost) {
    throw new UnsupportedOperationException("nobody looks at who is present");
  }

  @Override
  public void close() {}

  private long version(String key) {
    return records.containsKey(key) ? Objects.requireNonNull(records.get(key)).version() : 0;
  }

  private void check() throws IOException {
    if (failing) {
      throw new IOException("injected fault");
    }
  }
}
