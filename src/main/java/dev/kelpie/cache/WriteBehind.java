package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Pushes VDIs in the background: those whose dirty data is old or much, those whose quota was
/// lowered, and all where the cache is crowded or a writer waits for room. Each VDI is pushed by a
/// task of its own, so that a slow one holds up no other (I20).
final class WriteBehind {
  /// How often ages are looked at.
  private static final Duration PERIOD = Duration.ofMillis(500);

  /// After a failed push the VDI is left alone for a while.
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final CacheState state;
  private final Throttle throttle;
  private final DirtyLimits limits;
  private final Reclaimer reclaimer;
  private final Flusher flusher;
  private final CacheSwitch power;
  private final Tasks tasks;
  private final Clock clock;
  private final Log log;
  private final Duration age;
  private final Map<VdiId, Boolean> underWay = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  WriteBehind(
      CacheState state,
      Throttle throttle,
      DirtyLimits limits,
      Reclaimer reclaimer,
      Flusher flusher,
      CacheSwitch power,
      Tasks tasks,
      Clock clock,
      Log log,
      Duration age) {
    this.state = state;
    this.throttle = throttle;
    this.limits = limits;
    this.reclaimer = reclaimer;
    this.flusher = flusher;
    this.power = power;
    this.tasks = tasks;
    this.clock = clock;
    this.log = log;
    this.age = age;
  }

  /// Runs until [#stop], or until the cache is off, which it stays.
  void run() {
    while (!stopping && !power.isOff()) {
      boolean wanted = throttle.awaitWanted(PERIOD);
      boolean crowded = limits.crowded();
      boolean started = false;
      for (VdiCache vdi : state.vdis()) {
        limits.measure(vdi);
        if (isDue(vdi, wanted, crowded)
            && !stopping
            && underWay.putIfAbsent(vdi.id, true) == null) {
          vdi.pushWanted.set(false);
          tasks.start("cache-write-behind-" + vdi.id, () -> pushOne(vdi));
          started = true;
        }
      }
      if (wanted || (crowded && started)) {
        // What can be pushed is under way; the writers that wait look again when it is done.
        awaitSome();
      }
    }
  }

  void stop() {
    stopping = true;
    throttle.wake();
  }

  /// @param wanted whether a writer waits for room, of whatever VDI
  /// @param crowded whether much is dirty of all VDIs together
  private boolean isDue(VdiCache vdi, boolean wanted, boolean crowded) {
    if (vdi.share.isOver()) {
      return vdi.chunks.get() > 0;
    }
    if (vdi.differingCount() == 0) {
      return false;
    }
    return wanted
        || ((crowded || limits.crowded(vdi)) && !limits.canWait(vdi))
        || vdi.differsSinceBefore(clock.nanos() - age.toNanos());
  }

  private void pushOne(VdiCache vdi) {
    try {
      power.whileOn(Outcome.DONE, () -> pushAndTrim(vdi));
    } catch (IOException e) {
      log.error("VDI " + vdi.id + ": dirty data stays in the object cache: " + e.getMessage());
      awaitRetry();
    } finally {
      underWay.remove(vdi.id);
      limits.flushed(vdi);
      throttle.made();
      vdi.pushWanted.set(false);
      if (limits.crowded(vdi) && !limits.canWait(vdi)) {
        throttle.wake(); // it was filled meanwhile: go on at once
      }
    }
  }

  private Outcome pushAndTrim(VdiCache vdi) throws IOException {
    reclaimer.trim(vdi);
    if (vdi.differingCount() > 0) {
      flusher.push(vdi.id);
      reclaimer.trim(vdi);
    }
    return Outcome.DONE;
  }

  private void awaitRetry() {
    try {
      tasks.sleep(RETRY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitSome() {
    try {
      tasks.sleep(Duration.ofMillis(1));
    } catch (InterruptedException e) {
      stopping = true;
    }
  }
}
