package dev.kelpie.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/// Waits for what other threads do.
public final class Await {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long LOOK_EVERY_NANOS = 500_000;

  private Await() {}

  /// Waits until the condition holds, and fails if it does not within half a minute.
  public static void until(String what, Callable<Boolean> condition) {
    until(what, LIMIT, condition);
  }

  /// Waits until the condition holds, and fails if it does not within the limit.
  public static void until(String what, Duration limit, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!holds(condition)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited " + limit + " in vain until " + what);
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  private static boolean holds(Callable<Boolean> condition) {
    try {
      return condition.call();
    } catch (Exception failure) {
      throw new AssertionError("the condition failed", failure);
    }
  }
}
