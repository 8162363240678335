package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.object.Leases;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.MappedBytes.MappingFault;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Whether the cache is on. Every request goes through here: into the cache while it is on; past it
/// when it is off, or when its device fails under the request.
///
/// A fault of the device is a [CacheFault], a [MappingFault], or the [InternalError] that compiled
/// code may throw in its place, later in the same request. After it, dirty data is brought to the
/// backend as far as it can be read, the rest is reported as lost, and everything passes through
/// from then on (I16).
final class CacheSwitch {
  private final Log log;
  private final Salvage salvage;
  private final Throttle throttle;
  private final Leases leases;
  private final Path directory;

  /// Shared by requests; had alone by what changes the cache as a whole.
  private final Locks.Gate gate;

  private volatile boolean off;

  CacheSwitch(
      Log log, Locks locks, Salvage salvage, Throttle throttle, Leases leases, Path directory) {
    this.log = log;
    this.gate = locks.gate();
    this.salvage = salvage;
    this.throttle = throttle;
    this.leases = leases;
    this.directory = directory;
  }

  /// What is done in the cache, or past it.
  ///
  /// @param <E> what it throws beside faults of the cache's device
  @FunctionalInterface
  interface Work<T, E extends Exception> {
    T run() throws E;
  }

  boolean isOff() {
    return off;
  }

  /// Lets requests pass from now on, whatever is in the cache.
  void turnOff() {
    off = true;
  }

  /// Runs a request in the cache; past it where the cache is off, or its device fails meanwhile.
  <E extends Exception> Outcome guarded(
      Patience patience, Work<Outcome, E> cached, Work<Outcome, E> past) throws E {
    return run(patience, Outcome.WOULD_WAIT, cached, past);
  }

  /// Does something in the cache that has no meaning without it.
  ///
  /// @param whenOff the answer where the cache is off, or its device fails meanwhile
  <T, E extends Exception> T whileOn(T whenOff, Work<T, E> work) throws E {
    return run(Patience.WAIT, whenOff, work, () -> whenOff);
  }

  /// The same, without an answer.
  void whileOn(Runnable work) {
    whileOn(
        Outcome.DONE,
        () -> {
          work.run();
          return Outcome.DONE;
        });
  }

  /// @param wouldWait the answer where it must not wait and would
  private <T, E extends Exception> T run(
      Patience patience, T wouldWait, Work<T, E> cached, Work<T, E> past) throws E {
    if (off) {
      return past.run();
    }
    if (!enter(patience)) {
      return wouldWait;
    }
    Throwable fault = null;
    try {
      if (!off) {
        return cached.run();
      }
    } catch (Throwable e) {
      if (!isFault(e)) {
        throw e;
      }
      fault = e;
    } finally {
      leave();
    }
    return turnedOff(fault, patience) ? past.run() : wouldWait;
  }

  private static boolean isFault(Throwable e) {
    return e instanceof CacheFault || e instanceof MappingFault || e instanceof InternalError;
  }

  /// Enters as a request does. For who cannot afford the objects of [#guarded].
  ///
  /// @return false where it must not wait and would
  boolean enter(Patience patience) {
    if (patience == Patience.NOW) {
      return gate.tryEnterShared();
    }
    gate.enterShared();
    return true;
  }

  void leave() {
    gate.leaveShared();
  }

  /// Waits for the requests under way, and keeps others out until [#leaveAlone].
  void enterAlone() {
    gate.enterAlone();
  }

  void leaveAlone() {
    gate.leaveAlone();
  }

  /// Turns the cache off after a fault of its device: brings to the backend what can still be read.
  /// Called outside of the gate.
  ///
  /// @return whether the cache is off; false where the caller must not wait for it
  boolean turnedOff(@Nullable Throwable fault, Patience patience) {
    if (fault == null) {
      return true;
    }
    if (patience == Patience.NOW) {
      return false;
    }
    throttle.giveUp();
    gate.enterAlone();
    try {
      if (!off) {
        log.alert("object cache turns itself off: " + fault.getMessage());
        salvage.run();
        disown();
        off = true;
      }
    } finally {
      gate.leaveAlone();
    }
    return true;
  }

  /// What is in the files is old from now on: no later start may believe it, even where the device
  /// cannot be written any more.
  private void disown() {
    try {
      leases.disown();
    } catch (IOException e) {
      log.alert(
          "object cache: the leases could not be changed ("
              + e.getMessage()
              + "); remove "
              + directory
              + " before the next start, it holds old data");
    }
  }
}
