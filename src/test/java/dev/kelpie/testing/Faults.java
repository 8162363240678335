package dev.kelpie.testing;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;

/// Faults that a test puts into a fake: calls that fail, calls that hang. A call is matched by what
/// it does and what it does it to.
///
/// @param <O> the operations
/// @param <K> what they are made on
public final class Faults<O extends Enum<O>, K> {
  private static final int HANG_LIMIT_SECONDS = 60;

  private final List<Fault<O, K>> active = new CopyOnWriteArrayList<>();

  Faults() {}

  /// Lets all matching calls fail with an [IOException] until the result is closed.
  public Ended fail(O operation, Predicate<K> on) {
    return fail(operation, on, Integer.MAX_VALUE);
  }

  /// Lets the next `times` matching calls fail.
  public Ended fail(O operation, Predicate<K> on, int times) {
    return fail(
        operation,
        on,
        times,
        key -> new IOException(operation + " of " + key + ": injected fault"));
  }

  /// Lets all matching calls fail in a way of the test's own until the result is closed.
  public Ended fail(O operation, Predicate<K> on, Function<K, IOException> how) {
    return fail(operation, on, Integer.MAX_VALUE, how);
  }

  private Ended fail(O operation, Predicate<K> on, int times, Function<K, IOException> how) {
    Failure<O, K> failure = new Failure<>(operation, on, new AtomicInteger(times), how);
    active.add(failure);
    return () -> active.remove(failure);
  }

  /// Lets all matching calls hang, before they do anything, until the result is closed.
  public Hang hang(O operation, Predicate<K> on) {
    Hang hang = new Hang();
    Hanging<O, K> hanging = new Hanging<>(operation, on, hang);
    active.add(hanging);
    hang.onClose = () -> active.remove(hanging);
    return hang;
  }

  /// Whether a call would hang now.
  boolean hangs(O operation, K key) {
    return active.stream().anyMatch(f -> f instanceof Hanging<O, K> && f.matches(operation, key));
  }

  /// Hangs or fails where a fault matches.
  void check(O operation, K key) throws IOException {
    for (Fault<O, K> fault : active) {
      if (!fault.matches(operation, key)) {
        continue;
      }
      switch (fault) {
        case Hanging<O, K> hanging -> hanging.hang().await();
        case Failure<O, K> failure -> {
          if (failure.left().getAndDecrement() > 0) {
            throw failure.how().apply(key);
          }
        }
      }
    }
  }

  private sealed interface Fault<O extends Enum<O>, K> {
    O operation();

    Predicate<K> on();

    default boolean matches(O operation, K key) {
      return operation() == operation && on().test(key);
    }
  }

  private record Failure<O extends Enum<O>, K>(
      O operation, Predicate<K> on, AtomicInteger left, Function<K, IOException> how)
      implements Fault<O, K> {}

  private record Hanging<O extends Enum<O>, K>(O operation, Predicate<K> on, Hang hang)
      implements Fault<O, K> {}

  /// Ends a fault.
  public interface Ended extends AutoCloseable {
    @Override
    void close();
  }

  /// Calls that hang.
  public static final class Hang implements Ended {
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger arrived = new AtomicInteger();
    private Runnable onClose = () -> {};

    private Hang() {}

    /// How many calls came here, those that went on after the end included.
    public int arrived() {
      return arrived.get();
    }

    /// Waits until so many calls came here.
    public void awaitArrived(int calls) {
      Await.until(calls + " calls hang", () -> arrived.get() >= calls);
    }

    /// Lets them go on.
    @Override
    public void close() {
      onClose.run();
      released.countDown();
    }

    private void await() {
      arrived.incrementAndGet();
      try {
        if (!released.await(HANG_LIMIT_SECONDS, TimeUnit.SECONDS)) {
          throw new AssertionError("nobody ended the hang");
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while hanging", interrupted);
      }
    }
  }
}
