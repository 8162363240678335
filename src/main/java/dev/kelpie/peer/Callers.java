package dev.kelpie.peer;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Who has connections to this node, so that nobody has two that are served: a new one is granted
/// when everything that came through earlier ones is done, and nothing more will come through them.
///
/// A node asks nothing on a connection before it is granted, and gives each up before it makes the
/// next. So it does no harm where the introduction of one that was given up comes late, and counts
/// as the newest: nothing will be asked on it.
final class Callers {
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal left;
  private final Map<Caller, List<Conversation>> present = new HashMap<>();

  /// A node, and what it wants.
  record Caller(String node, Purpose purpose) {}

  Callers(Clock clock, Locks locks) {
    this.clock = clock;
    this.mutex = locks.mutex();
    this.left = mutex.signal();
  }

  /// Lets a connection in: ends those of the same caller that came before, and waits until they
  /// have ended.
  ///
  /// @return whether it is let in; not where it is older than one that is here, or a newer one
  ///   comes meanwhile, or the others do not end in time
  boolean admit(Conversation next, Duration limit) {
    List<Conversation> before;
    mutex.lock();
    try {
      List<Conversation> all = present.computeIfAbsent(next.caller(), _ -> new ArrayList<>());
      if (all.stream().anyMatch(next::isBefore)) {
        return false;
      }
      before = List.copyOf(all);
      all.add(next);
    } finally {
      mutex.unlock();
    }
    boolean admitted = false;
    try {
      before.forEach(Conversation::end);
      admitted = awaitAlone(next, limit);
      return admitted;
    } finally {
      if (!admitted) {
        leave(next);
      }
    }
  }

  /// Waits until nobody of the same caller is here that came before.
  private boolean awaitAlone(Conversation next, Duration limit) {
    long deadline = clock.nanos() + limit.toNanos();
    mutex.lock();
    try {
      long rest = limit.toNanos();
      while (!isFirst(next) && isLast(next) && rest > 0) {
        boolean _ = left.await(Duration.ofNanos(rest));
        rest = deadline - clock.nanos();
      }
      return isFirst(next) && isLast(next);
    } finally {
      mutex.unlock();
    }
  }

  private boolean isFirst(Conversation next) {
    return all(next).getFirst() == next;
  }

  private boolean isLast(Conversation next) {
    return all(next).getLast() == next;
  }

  private List<Conversation> all(Conversation one) {
    return Optional.ofNullable(present.get(one.caller())).orElseThrow();
  }

  /// Nothing that came through it is under way any more.
  void leave(Conversation over) {
    mutex.lock();
    try {
      List<Conversation> all = all(over);
      all.remove(over);
      if (all.isEmpty()) {
        present.remove(over.caller());
      }
      left.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// How many connections are here.
  int count() {
    mutex.lock();
    try {
      return present.values().stream().mapToInt(List::size).sum();
    } finally {
      mutex.unlock();
    }
  }
}
