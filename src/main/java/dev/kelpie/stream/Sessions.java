package dev.kelpie.stream;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The sessions of a server, no more than its service allows at one time.
final class Sessions {
  private final Clock clock;
  private final Log log;
  private final Service service;
  private final Locks.Mutex mutex;
  private final Locks.Signal left;

  /// In the order of coming.
  private final Set<Session> present = new LinkedHashSet<>();

  /// Those of them that were cut off for others and are about to end.
  private final Set<Session> turnedOut = new HashSet<>();

  private long numbers;
  private boolean crowded;
  private boolean ending;

  Sessions(Locks locks, Clock clock, Log log, Service service) {
    this.clock = clock;
    this.log = log;
    this.service = service;
    this.mutex = locks.mutex();
    this.left = mutex.signal();
  }

  /// A new session. Where there is one too many, the one that has been mute for longest is turned
  /// out for it; where none is mute, the new client is not let in.
  Optional<Session> admit(Line line) {
    Optional<Session> mute = Optional.empty();
    mutex.lock();
    try {
      if (ending) {
        return Optional.empty();
      }
      boolean full = here() >= service.clientsMax();
      if (full) {
        mute = mute();
        complainOnce(line, mute.isPresent());
      }
      crowded = full;
      if (full && mute.isEmpty()) {
        return Optional.empty();
      }
      mute.ifPresent(turnedOut::add);
      numbers++;
      Session session = service.session(numbers, line);
      present.add(session);
      return Optional.of(session);
    } finally {
      mutex.unlock();
      mute.ifPresent(Session::close);
    }
  }

  private int here() {
    return present.size() - turnedOut.size();
  }

  private Optional<Session> mute() {
    return present.stream().filter(s -> s.mute() && !turnedOut.contains(s)).findFirst();
  }

  private void complainOnce(Line line, boolean turnsOut) {
    if (crowded) {
      return;
    }
    String others =
        turnsOut
            ? "those that never asked for anything are turned out for others, for "
            : "others are turned away, ";
    log.warn(
        service.name()
            + ": "
            + service.clientsMax()
            + " clients are connected; "
            + others
            + line.peer()
            + " first");
  }

  /// A session has ended.
  void leave(Session session) {
    mutex.lock();
    try {
      present.remove(session);
      turnedOut.remove(session);
      left.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Lets nobody in any more.
  void end() {
    mutex.lock();
    try {
      ending = true;
    } finally {
      mutex.unlock();
    }
  }

  /// Those that have not ended, in the order of coming.
  List<Session> all() {
    mutex.lock();
    try {
      return List.copyOf(present);
    } finally {
      mutex.unlock();
    }
  }

  /// How many clients are let in.
  int count() {
    mutex.lock();
    try {
      return here();
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until all have ended.
  ///
  /// @return whether they have within the limit
  boolean awaitNone(Duration limit) {
    long end = clock.nanos() + limit.toNanos();
    mutex.lock();
    try {
      long rest = limit.toNanos();
      while (!present.isEmpty() && rest > 0) {
        left.await(Duration.ofNanos(rest));
        rest = end - clock.nanos();
      }
      return present.isEmpty();
    } finally {
      mutex.unlock();
    }
  }
}
