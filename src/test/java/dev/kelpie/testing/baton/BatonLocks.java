package dev.kelpie.testing.baton;

import dev.kelpie.platform.Locks;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Locks for those who pass the baton. To let go of one never fails, and where the host is off it
/// means nothing.
final class BatonLocks implements Locks {
  private final Baton baton;

  BatonLocks(Baton baton) {
    this.baton = baton;
  }

  @Override
  public Mutex mutex() {
    return new BatonMutex();
  }

  @Override
  public Gate gate() {
    return new BatonGate();
  }

  private final class BatonMutex implements Mutex {
    private final Baton.Waiters waiting = new Baton.Waiters();
    private Baton.@Nullable Runner holder;
    private int times;

    @Override
    public void lock() {
      baton.step();
      take();
    }

    private void take() {
      Baton.Runner self = baton.current();
      while (holder != null && holder != self) {
        boolean _ = baton.await(waiting, -1);
      }
      holder = self;
      times++;
    }

    @Override
    public boolean tryLock() {
      baton.step();
      boolean free = holder == null || holder == baton.current();
      if (free) {
        take();
      }
      return free;
    }

    @Override
    public void unlock() {
      if (holder == baton.current()) {
        times--;
        if (times == 0) {
          holder = null;
          baton.wakeAll(waiting);
        }
      } else if (baton.current().host.isOn()) {
        throw new IllegalMonitorStateException("unlocked by another task");
      }
    }

    @Override
    public Signal signal() {
      return new BatonSignal(this);
    }
  }

  private final class BatonSignal implements Signal {
    private final BatonMutex mutex;
    private final Baton.Waiters waiting = new Baton.Waiters();

    BatonSignal(BatonMutex mutex) {
      this.mutex = mutex;
    }

    @Override
    public void await() {
      boolean _ = await(-1);
    }

    @Override
    public boolean await(Duration limit) {
      return await(Math.max(0, limit.toNanos()));
    }

    private boolean await(long nanos) {
      int times = mutex.times;
      mutex.times = 0;
      mutex.holder = null;
      baton.wakeAll(mutex.waiting);
      boolean woken = baton.await(waiting, nanos);
      mutex.take();
      mutex.times = times;
      return woken;
    }

    @Override
    public void wakeAll() {
      baton.wakeAll(waiting);
    }
  }

  private final class BatonGate implements Gate {
    private final Baton.Waiters waiting = new Baton.Waiters();
    private int shared;
    private boolean alone;

    @Override
    public void enterShared() {
      baton.step();
      while (alone) {
        boolean _ = baton.await(waiting, -1);
      }
      shared++;
    }

    @Override
    public boolean tryEnterShared() {
      baton.step();
      shared += alone ? 0 : 1;
      return !alone;
    }

    @Override
    public void leaveShared() {
      shared--;
      baton.wakeAll(waiting);
    }

    @Override
    public void enterAlone() {
      baton.step();
      while (alone || shared > 0) {
        boolean _ = baton.await(waiting, -1);
      }
      alone = true;
    }

    @Override
    public void leaveAlone() {
      alone = false;
      baton.wakeAll(waiting);
    }
  }
}
