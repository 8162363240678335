package dev.kelpie.testing;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Watchers;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// The records of several nodes, in memory. Each node has a [Handle], which can die, and whose
/// commits a test can let fail, stay in doubt, or come after those of others.
public final class MemoryCluster {
  private final ReentrantLock lock = new ReentrantLock();
  private final NavigableMap<String, Coordination.Stored> records = new TreeMap<>();
  private final Map<String, Handle> makers = new HashMap<>();
  private final List<Handle> handles = new CopyOnWriteArrayList<>();

  /// What becomes of a commit.
  public enum Fate {
    /// It is answered as it should be.
    ANSWERED,
    /// It is not made, and that is known.
    FAILED,
    /// It is made where it can be, and nobody is told.
    MADE_IN_DOUBT,
    /// It is not made, and nobody is told.
    LOST_IN_DOUBT,
    /// Its maker dies before it.
    DEATH_BEFORE,
    /// Its maker dies after it.
    DEATH_AFTER
  }

  /// Decides what becomes of a commit; may do something first.
  public interface Fates {
    Fate of(List<Coordination.Put> changes);
  }

  /// A node's way to the records.
  public Handle handle(Platform platform) {
    Handle handle = new Handle(new Watchers(platform.tasks(), platform.locks(), Log.NONE));
    handles.add(handle);
    return handle;
  }

  /// All records whose keys start with the prefix.
  public List<Coordination.Stored> list(String prefix) {
    lock.lock();
    try {
      return records.values().stream().filter(r -> r.key().startsWith(prefix)).toList();
    } finally {
      lock.unlock();
    }
  }

  private Optional<Coordination.Stored> find(String key) {
    lock.lock();
    try {
      return Optional.ofNullable(records.get(key));
    } finally {
      lock.unlock();
    }
  }

  private boolean make(List<Coordination.Put> changes, List<Coordination.Check> checks) {
    lock.lock();
    try {
      for (Coordination.Check check : checks) {
        if (find(check.key()).map(Coordination.Stored::version).orElse(0L) != check.version()) {
          return false;
        }
      }
      for (Coordination.Put put : changes) {
        if (find(put.key()).map(Coordination.Stored::version).orElse(0L) != put.expected()) {
          return false;
        }
      }
      for (Coordination.Put put : changes) {
        records.remove(put.key());
        put.value()
            .ifPresent(value ->
                records.put(
                    put.key(),
                    new Coordination.Stored(put.key(), value.clone(), put.expected() + 1)));
      }
    } finally {
      lock.unlock();
    }
    changes.forEach(put -> tell(put.key()));
    return true;
  }

  private void tell(String key) {
    handles.forEach(handle -> handle.watchers.changed(key));
  }

  /// A node's way to the records.
  public final class Handle implements Coordination {
    private final Watchers watchers;
    private final AtomicLong commits = new AtomicLong();
    private final AtomicLong reads = new AtomicLong();
    private volatile Fates fates = _ -> Fate.ANSWERED;
    private volatile boolean dead;

    private Handle(Watchers watchers) {
      this.watchers = watchers;
    }

    /// Lets commits meet their fates from now on.
    public void fates(Fates next) {
      fates = next;
    }

    /// Does something before the next commit that changes a key with this prefix.
    public void beforeNext(String prefix, Runnable other) {
      fates =
          changes -> {
            if (changes.stream().anyMatch(put -> put.key().startsWith(prefix))) {
              fates = _ -> Fate.ANSWERED;
              other.run();
            }
            return Fate.ANSWERED;
          };
    }

    /// How many commits were asked for.
    public long commits() {
      return commits.get();
    }

    /// How many reads and lists were asked for.
    public long reads() {
      return reads.get();
    }

    /// Whether its node is dead.
    public boolean isDead() {
      return dead;
    }

    /// The node dies: what it announced goes, and it gets no answers any more.
    public void die() {
      dead = true;
      watchers.close();
      List<String> gone;
      lock.lock();
      try {
        gone = makers.keySet().stream().filter(key -> makers.get(key) == this).toList();
        gone.forEach(records::remove);
        gone.forEach(makers::remove);
      } finally {
        lock.unlock();
      }
      gone.forEach(MemoryCluster.this::tell);
    }

    @Override
    public Optional<Stored> read(String key) throws IOException {
      reads.incrementAndGet();
      requireLife();
      return find(key);
    }

    @Override
    public List<Stored> list(String prefix) throws IOException {
      reads.incrementAndGet();
      requireLife();
      return MemoryCluster.this.list(prefix);
    }

    @Override
    public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
      requireLife();
      commits.incrementAndGet();
      Fate fate = fates.of(changes);
      requireLife();
      return switch (fate) {
        case ANSWERED -> make(changes, checks);
        case FAILED -> throw new IOException("injected fault");
        case MADE_IN_DOUBT -> {
          make(changes, checks);
          throw inDoubt();
        }
        case LOST_IN_DOUBT -> throw inDoubt();
        case DEATH_BEFORE -> {
          die();
          throw inDoubt();
        }
        case DEATH_AFTER -> {
          make(changes, checks);
          die();
          throw inDoubt();
        }
      };
    }

    private InDoubt inDoubt() {
      return new InDoubt("no answer to a commit", new IOException("injected fault"));
    }

    private void requireLife() throws IOException {
      if (dead) {
        throw new IOException("the node is dead");
      }
    }

    @Override
    public Watch watch(String prefix, Runnable changed) {
      return watchers.add(prefix, changed);
    }

    @Override
    public Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException {
      requireLife();
      lock.lock();
      try {
        if (records.containsKey(key) && makers.get(key) != this) {
          return Optional.empty();
        }
        records.put(key, new Stored(key, value.clone(), 1));
        makers.put(key, this);
      } finally {
        lock.unlock();
      }
      tell(key);
      return Optional.of(new Announced(this, key));
    }

    @Override
    public void close() {
      if (!dead) {
        die();
      }
    }
  }

  private final class Announced implements Coordination.Presence {
    private final Handle maker;
    private final String key;

    Announced(Handle maker, String key) {
      this.maker = maker;
      this.key = key;
    }

    @Override
    public long lease() {
      lock.lock();
      try {
        return makers.get(key) == maker ? Long.MAX_VALUE : 0;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void update(byte[] value) throws IOException {
      maker.requireLife();
      lock.lock();
      try {
        long version = find(key).map(Coordination.Stored::version).orElse(0L);
        records.put(key, new Coordination.Stored(key, value.clone(), version + 1));
      } finally {
        lock.unlock();
      }
      tell(key);
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (makers.get(key) == maker) {
          makers.remove(key);
          records.remove(key);
        }
      } finally {
        lock.unlock();
      }
      tell(key);
    }
  }
}
