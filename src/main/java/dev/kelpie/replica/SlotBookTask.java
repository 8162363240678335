package dev.kelpie.replica;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Keeps a [SlotBook] up to date, in a task of its own: whatever is told to have changed is read
/// again, and what cannot be read, a little later.
public final class SlotBookTask implements Closeable {
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final SlotBook book;
  private final Log log;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final List<Watch> watches = new ArrayList<>();
  private final Tasks.Task task;
  private String saidLast = "";

  // Guarded by the mutex.
  private boolean allDue = true;
  private final Set<Integer> due = new TreeSet<>();
  private boolean stopping;

  /// Begins to watch.
  ///
  /// @param map whose changes concern all slots
  /// @throws IOException where the records cannot be watched
  public SlotBookTask(
      Platform platform, Log log, Coordination records, ClusterBook map, SlotBook book)
      throws IOException {
    this.book = book;
    this.log = log;
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
    boolean watching = false;
    try {
      watches.add(map.watch(this::mapChanged));
      for (int i = 0; i < SlotShard.COUNT; i++) {
        int shard = i;
        watches.add(records.watch(SlotShard.key(shard), () -> shardChanged(shard)));
      }
      watching = true;
    } finally {
      if (!watching) {
        watches.forEach(Watch::close);
      }
    }
    this.task = platform.tasks().start("cluster-slots", this::run);
  }

  private void mapChanged() {
    mutex.lock();
    try {
      allDue = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void shardChanged(int shard) {
    mutex.lock();
    try {
      due.add(shard);
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// What is to be read.
  ///
  /// @param all whether it is everything
  private record Due(boolean all, List<Integer> shards) {}

  private void run() {
    Due next = await();
    while (next.all || !next.shards.isEmpty()) {
      read(next);
      next = await();
    }
  }

  /// @return nothing where it is to stop
  private Due await() {
    mutex.lock();
    try {
      while (!stopping && !allDue && due.isEmpty()) {
        changed.await();
      }
      Due taken = new Due(allDue && !stopping, stopping ? List.of() : List.copyOf(due));
      allDue = false;
      due.clear();
      return taken;
    } finally {
      mutex.unlock();
    }
  }

  private void read(Due what) {
    try {
      if (what.all) {
        book.lookAtEverything();
      } else {
        book.look(what.shards);
      }
      saidLast = "";
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      if (!why.equals(saidLast)) {
        log.error("the configurations of slots cannot be followed: " + why);
        saidLast = why;
      }
      retryLater(what);
    }
  }

  private void retryLater(Due what) {
    mutex.lock();
    try {
      if (!stopping) {
        changed.await(RETRY);
      }
      allDue |= what.all;
      due.addAll(what.shards);
    } finally {
      mutex.unlock();
    }
  }

  /// Ends the watches.
  @Override
  public void close() {
    watches.forEach(Watch::close);
    mutex.lock();
    try {
      stopping = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
    try {
      if (!task.join(STOP_LIMIT)) {
        log.warn("the cluster's records do not answer; a reading of slots is left behind");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
