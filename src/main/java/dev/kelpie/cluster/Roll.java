package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// The nodes that can be seen, whatever the map says.
public final class Roll {
  /// How often it is looked in any case.
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private final Platform platform;
  private final Coordination records;

  public Roll(Platform platform, Coordination records) {
    this.platform = platform;
    this.records = records;
  }

  /// What they say of themselves.
  public List<Announcement> call() throws IOException {
    return call(records);
  }

  static List<Announcement> call(Coordination records) throws IOException {
    List<Announcement> present = new ArrayList<>();
    for (Stored stored : records.list(Membership.LIVE)) {
      present.add(Announcement.decode(stored));
    }
    return present;
  }

  /// Whether a node may be alive. Where this says no, it does not serve any more: a record goes no
  /// earlier than its maker's lease ends.
  ///
  /// @param id of the node's directory
  public boolean has(String id) throws IOException {
    return call().stream().anyMatch(node -> node.identity().id().equals(id));
  }

  /// Waits until the nodes are as they should be.
  ///
  /// @return what they say then, or when the time is over
  public List<Announcement> await(Predicate<List<Announcement>> wanted, Duration limit)
      throws IOException {
    Locks.Mutex mutex = platform.locks().mutex();
    Locks.Signal changed = mutex.signal();
    long end = platform.clock().nanos() + limit.toNanos();
    try (Watch _ = records.watch(Membership.LIVE, () -> wake(mutex, changed))) {
      mutex.lock();
      try {
        List<Announcement> now = call();
        long left = end - platform.clock().nanos();
        while (!wanted.test(now) && left > 0) {
          boolean _ = changed.await(Duration.ofNanos(Math.min(left, LOOK_AGAIN.toNanos())));
          now = call();
          left = end - platform.clock().nanos();
        }
        return now;
      } finally {
        mutex.unlock();
      }
    }
  }

  private static void wake(Locks.Mutex mutex, Locks.Signal changed) {
    mutex.lock();
    try {
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }
}
