package dev.kelpie.cluster;

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

/// Drives a [Membership] in a task of its own: a step whenever records have changed, and when the
/// last step said so.
public final class MembershipTask implements Closeable {
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final Membership membership;
  private final Log log;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final List<Watch> watches = new ArrayList<>();
  private final Tasks.Task task;
  private String saidLast = "";
  private boolean due;
  private boolean stopping;

  /// Joins, and goes on from there.
  ///
  /// @throws IOException where the first step fails: a node that cannot join must not start
  public MembershipTask(Platform platform, Log log, Coordination records, Membership membership)
      throws IOException {
    this.membership = membership;
    this.log = log;
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
    membership.step();
    for (String prefix : List.of(Membership.LIVE, Membership.LEADER, ClusterBook.KEY)) {
      watches.add(records.watch(prefix, this::look));
    }
    this.task = platform.tasks().start("cluster-membership", this::run);
  }

  /// Lets it look now, whether or not anything has changed.
  public void look() {
    mutex.lock();
    try {
      due = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void run() {
    Duration next = Duration.ZERO;
    while (await(next)) {
      next = step();
    }
  }

  private Duration step() {
    try {
      Duration next = membership.step();
      saidLast = "";
      return next;
    } catch (IOException e) {
      String what = String.valueOf(e.getMessage());
      if (!what.equals(saidLast)) {
        log.error("the cluster's map cannot be followed: " + what);
        saidLast = what;
      }
      return RETRY;
    }
  }

  /// @return false where it is to stop
  private boolean await(Duration time) {
    mutex.lock();
    try {
      if (!due && !stopping && time.isPositive()) {
        changed.await(time);
      }
      due = false;
      return !stopping;
    } finally {
      mutex.unlock();
    }
  }

  /// Leaves the cluster in good order.
  @Override
  public void close() throws IOException {
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
        log.warn("the cluster's records do not answer; this node leaves without a word");
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    membership.leave();
  }
}
