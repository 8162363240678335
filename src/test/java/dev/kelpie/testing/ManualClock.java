package dev.kelpie.testing;

import dev.kelpie.platform.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/// A clock that stands still until it is moved.
public final class ManualClock implements Clock {
  private final Instant start;
  private final AtomicLong nanos = new AtomicLong();

  /// Starts at a time with odd parts, so that cut digits are seen.
  public ManualClock() {
    this(Instant.parse("2026-03-04T05:06:07.123456789Z"));
  }

  public ManualClock(Instant start) {
    this.start = start;
  }

  /// Lets time pass.
  public void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Override
  public long nanos() {
    return nanos.get();
  }

  @Override
  public Instant now() {
    return start.plusNanos(nanos.get());
  }
}
