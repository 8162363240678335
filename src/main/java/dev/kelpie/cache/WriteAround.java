package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// Writes past the cache for a VDI that has so much dirty that its writers are slowed: what takes
/// more than can be pushed in the long run goes as fast as without a cache, while blocks that are
/// here are still written here. Such a write is as unflushed as any other; the VDI's next flush
/// makes it durable.
///
/// The cache is to hide a backend that fails or hangs for a while. Where one is silent or refuses,
/// writes go into the cache again, as far as there is room.
final class WriteAround {
  /// After so long without an answer the backend counts as silent, and after a failure it is not
  /// asked for so long.
  static final Duration SILENCE = Duration.ofSeconds(1);

  private final Bypass bypass;
  private final Clock clock;

  WriteAround(Bypass bypass, Clock clock) {
    this.bypass = bypass;
    this.clock = clock;
  }

  /// The writes past the cache of one VDI.
  static final class Passage {
    private final AtomicInteger inFlight = new AtomicInteger();

    /// When the backend last answered, or the first of those in flight began; in nanoseconds of the
    /// clock, like the others.
    private volatile long heard;

    private volatile long closedUntil;

    /// When the backend last took a write.
    private volatile long passed;

    Passage(long now) {
      this.heard = now;
      this.closedUntil = now;
      this.passed = now - SILENCE.toNanos();
    }

    /// Whether writes have gone past the cache lately, so that there is no hurry to push.
    boolean isOpen(long now) {
      return closedUntil - now <= 0 && now - passed < SILENCE.toNanos();
    }

    private boolean enter(long now) {
      if (closedUntil - now > 0) {
        return false;
      }
      if (inFlight.getAndIncrement() == 0) {
        heard = now;
      } else if (now - heard >= SILENCE.toNanos()) {
        inFlight.decrementAndGet();
        return false;
      }
      return true;
    }

    private void leave(long now, Result result) {
      switch (result) {
        case NOT_ASKED -> {}
        case REFUSED -> heard = now;
        case TAKEN -> {
          heard = now;
          passed = now;
        }
        case FAILED -> {
          heard = now;
          closedUntil = now + SILENCE.toNanos();
        }
      }
      inFlight.decrementAndGet();
    }
  }

  /// What the backend said.
  private enum Result {
    /// Nothing, since something was in the way here.
    NOT_ASKED,
    TAKEN,
    REFUSED,
    FAILED
  }

  /// Writes past the cache if that is possible now.
  ///
  /// @return whether it was done; otherwise it is to be done in the cache, also where the backend
  ///   has a part of it
  boolean write(VdiCache vdi, ObjectId id, List<Extent> extents, Change change) {
    if (change.patience() == Patience.NOW
        || id.kind() != ObjectId.Kind.DATA
        || !vdi.passage.enter(clock.nanos())) {
      return false;
    }
    Result result = Result.FAILED;
    try {
      result =
          switch (bypass.writeBesideDirty(id, extents, change)) {
            case DONE -> Result.TAKEN;
            case WOULD_WAIT -> Result.NOT_ASKED;
            case NO_OBJECT, NO_SPACE, STALE -> Result.REFUSED;
          };
      return result == Result.TAKEN;
    } catch (IOException e) {
      return false; // what is wrong is said where it is pushed
    } finally {
      vdi.passage.leave(clock.nanos(), result);
    }
  }
}
