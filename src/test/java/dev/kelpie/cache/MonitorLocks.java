package dev.kelpie.cache;

import dev.kelpie.platform.Locks;
import java.time.Duration;

/// Locks made of monitors, which a model checker looks through in few steps. Nobody waits for a
/// signal.
final class MonitorLocks implements Locks {
  @Override
  public Mutex mutex() {
    return new MonitorMutex();
  }

  @Override
  public Gate gate() {
    throw new IllegalStateException("no test needs it");
  }

  private static final class MonitorMutex implements Mutex {
    private boolean taken;

    @Override
    public synchronized void lock() {
      try {
        while (taken) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      taken = true;
    }

    @Override
    public synchronized boolean tryLock() {
      boolean free = !taken;
      taken = true;
      return free;
    }

    @Override
    public synchronized void unlock() {
      taken = false;
      notifyAll();
    }

    @Override
    public Signal signal() {
      return new NoSignal();
    }
  }

  private static final class NoSignal implements Signal {
    @Override
    public void await() {
      throw new IllegalStateException("no test needs it");
    }

    @Override
    public boolean await(Duration limit) {
      throw new IllegalStateException("no test needs it");
    }

    @Override
    public void wakeAll() {
      // nobody waits
    }
  }
}
