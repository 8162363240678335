package dev.kelpie.testing;

import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Locks whose waits with a limit are over after a millisecond, so that a test sees what happens
/// when they end without having to wait as long. How often each limit ran out is counted.
public final class HastyLocks implements Locks {
  private static final Duration MOMENT = Duration.ofMillis(1);

  private final Locks real;
  private final Map<Duration, Integer> over = new ConcurrentHashMap<>();

  public HastyLocks(Locks real) {
    this.real = real;
  }

  /// How many waits with this limit were over.
  public int over(Duration limit) {
    return over.getOrDefault(limit, 0);
  }

  @Override
  public Mutex mutex() {
    Mutex mutex = real.mutex();
    return new Mutex() {
      @Override
      public void lock() {
        mutex.lock();
      }

      @Override
      public boolean tryLock() {
        return mutex.tryLock();
      }

      @Override
      public void unlock() {
        mutex.unlock();
      }

      @Override
      public Signal signal() {
        return hasty(mutex.signal());
      }
    };
  }

  private Signal hasty(Signal signal) {
    return new Signal() {
      @Override
      public void await() {
        signal.await();
      }

      @Override
      public boolean await(Duration limit) {
        boolean woken = signal.await(MOMENT);
        if (!woken) {
          over.merge(limit, 1, Integer::sum);
        }
        return woken;
      }

      @Override
      public void wakeAll() {
        signal.wakeAll();
      }
    };
  }

  @Override
  public Gate gate() {
    return real.gate();
  }
}
