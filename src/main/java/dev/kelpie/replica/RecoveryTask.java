package dev.kelpie.replica;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Has [Recovery] go on while a node runs: whenever it is told to look, and now and then.
public final class RecoveryTask implements AutoCloseable {
  /// How many slots with objects are under way at the same time: enough to keep a disk and a
  /// network busy, and few enough that clients find both free.
  private static final int COPYING = 4;

  /// How many slots in all: of the others only the configuration is changed, and changes that come
  /// together are one commit.
  private static final int AT_ONCE = 64;

  /// What failed is tried again after so long, and what nobody told of is found.
  public static final Duration PERIOD = Duration.ofSeconds(5);

  private final Recovery recovery;
  private final Platform platform;
  private final Log log;
  private final Duration period;
  private final Pace pace;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private boolean told = true;
  private boolean held;
  private boolean closed;
  private boolean ended;
  private String said = "";

  private RecoveryTask(Recovery recovery, Platform platform, Log log, Duration period) {
    this.recovery = recovery;
    this.platform = platform;
    this.log = log;
    this.period = period;
    this.pace = new Pace(platform.clock(), platform.locks());
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
  }

  /// Starts it.
  ///
  /// @param period after which it looks in any case, as [#PERIOD]
  public static RecoveryTask start(Recovery recovery, Platform platform, Log log, Duration period) {
    RecoveryTask task = new RecoveryTask(recovery, platform, log, period);
    platform.tasks().start("recovery", task::run);
    return task;
  }

  /// The map or the configuration of a slot has changed.
  public void look() {
    mutex.lock();
    try {
      told = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Whether objects are to stay where they are until further notice. What is under way is
  /// finished.
  public void hold(boolean wanted) {
    mutex.lock();
    try {
      held = wanted;
      told = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// From now on it copies no faster.
  public void setThrottle(Throttle throttle) {
    pace.set(throttle);
  }

  public Throttle throttle() {
    return pace.throttle();
  }

  private void run() {
    try {
      boolean again = false;
      while (awaitNext(again)) {
        again = pass();
      }
    } finally {
      mutex.lock();
      try {
        ended = true;
        changed.wakeAll();
      } finally {
        mutex.unlock();
      }
    }
  }

  private boolean awaitNext(boolean atOnce) {
    mutex.lock();
    try {
      long end = platform.clock().nanos() + (atOnce ? 0 : period.toNanos());
      long wait = end - platform.clock().nanos();
      while (!closed && (held || (!told && wait > 0))) {
        boolean _ = changed.await(held ? period : Duration.ofNanos(wait));
        wait = end - platform.clock().nanos();
      }
      told = false;
      return !closed;
    } finally {
      mutex.unlock();
    }
  }

  /// The slots are taken in no order, so that those that cannot be done do not always come first.
  ///
  /// @return whether something has changed, so that there may be more to do now
  private boolean pass() {
    List<Integer> slots;
    try {
      slots = new ArrayList<>(recovery.open());
    } catch (IOException e) {
      say("the objects of this node cannot be listed", ": " + e.getMessage());
      return false;
    }
    Collections.shuffle(slots, platform.chance());
    RecoveryPass.Result result =
        new RecoveryPass(recovery, slots, pace, COPYING, platform.locks())
            .run(AT_ONCE, platform.tasks(), platform.locks());
    if (result.failed() > 0) {
      say(
          "recovery waits for nodes " + result.doubtful(),
          " in "
              + result.failed()
              + " slots, and tries again every "
              + period.toMillis()
              + " ms; "
              + result.failure().orElse(""));
    } else {
      said = "";
    }
    return result.changed();
  }

  /// Only what is not the same as the last time.
  private void say(String reason, String detail) {
    if (!said.equals(reason)) {
      said = reason;
      log.warn(reason + detail);
    }
  }

  /// Begins nothing more, and waits for what is under way.
  @Override
  public void close() {
    pace.close();
    mutex.lock();
    try {
      closed = true;
      changed.wakeAll();
      while (!ended) {
        changed.await();
      }
    } finally {
      mutex.unlock();
    }
  }
}
