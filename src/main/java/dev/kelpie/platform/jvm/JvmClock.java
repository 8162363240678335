package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Clock;
import java.time.Instant;

/// This machine's clocks.
final class JvmClock implements Clock {
  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }
}
