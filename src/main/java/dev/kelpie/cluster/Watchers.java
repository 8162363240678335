package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The watches of one [Coordination]. Each has a task of its own, so that a slow one holds up
/// neither a commit nor another watch.
public final class Watchers {
  private final Tasks tasks;
  private final Locks locks;
  private final Log log;
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

  public Watchers(Tasks tasks, Locks locks, Log log) {
    this.tasks = tasks;
    this.locks = locks;
    this.log = log;
  }

  /// Begins a watch ([Coordination#watch]).
  public Watch add(String prefix, Runnable changed) {
    Watcher watcher = new Watcher(prefix, changed);
    watchers.add(watcher);
    tasks.start("cluster-watch-" + prefix, watcher::run);
    return watcher;
  }

  /// The record of this key has changed, and readers see it.
  public void changed(String key) {
    for (Watcher watcher : watchers) {
      if (key.startsWith(watcher.prefix)) {
        watcher.tell();
      }
    }
  }

  /// Any record may have changed.
  public void anyChanged() {
    watchers.forEach(Watcher::tell);
  }

  /// Ends all watches.
  public void close() {
    watchers.forEach(Watcher::close);
  }

  private final class Watcher implements Watch {
    private final String prefix;
    private final Runnable body;
    private final Locks.Mutex mutex = locks.mutex();
    private final Locks.Signal told = mutex.signal();
    private boolean due;
    private boolean closed;

    Watcher(String prefix, Runnable body) {
      this.prefix = prefix;
      this.body = body;
    }

    void run() {
      while (awaitTold()) {
        try {
          body.run();
        } catch (RuntimeException e) {
          log.error(
              "a change of '" + prefix + "' in the cluster's records was not dealt with: " + e);
        }
      }
    }

    void tell() {
      mutex.lock();
      try {
        due = true;
        told.wakeAll();
      } finally {
        mutex.unlock();
      }
    }

    private boolean awaitTold() {
      mutex.lock();
      try {
        while (!due && !closed) {
          told.await();
        }
        due = false;
        return !closed;
      } finally {
        mutex.unlock();
      }
    }

    @Override
    public void close() {
      watchers.remove(this);
      mutex.lock();
      try {
        closed = true;
        told.wakeAll();
      } finally {
        mutex.unlock();
      }
    }
  }
}
