package dev.kelpie.cluster;

import dev.kelpie.platform.Clock;
import java.time.Instant;

/// A node's clock in a simulated cluster: it runs at a rate of its own.
final class SimulatedClock implements Clock {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private final double rate;
  private double nanos;

  SimulatedClock(double rate) {
    this.rate = rate;
  }

  void advance(long real) {
    nanos += real * rate;
  }

  @Override
  public long nanos() {
    return (long) nanos;
  }

  @Override
  public Instant now() {
    return START.plusNanos((long) nanos);
  }
}
