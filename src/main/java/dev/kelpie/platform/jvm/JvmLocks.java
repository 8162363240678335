package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Locks;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The JDK's locks, and a [StripedGate] for what every request passes.
final class JvmLocks implements Locks {
  @Override
  public Mutex mutex() {
    return new LockMutex();
  }

  @Override
  public Gate gate() {
    return new StripedGate(Runtime.getRuntime().availableProcessors());
  }

  private static final class LockMutex implements Mutex {
    private final ReentrantLock lock = new ReentrantLock();

    @Override
    public void lock() {
      lock.lock();
    }

    @Override
    public boolean tryLock() {
      return lock.tryLock();
    }

    @Override
    public void unlock() {
      lock.unlock();
    }

    @Override
    public Signal signal() {
      return new ConditionSignal(lock.newCondition());
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers' loops, as the interface says
  private record ConditionSignal(Condition condition) implements Signal {
    @Override
    public void await() {
      condition.awaitUninterruptibly();
    }

    /// A cancelled task waits on for what is left of the limit and finds itself cancelled after it,
    /// as with the wait without limit.
    @Override
    public boolean await(Duration limit) {
      boolean cancelled = false;
      long left = limit.toNanos();
      long deadline = System.nanoTime() + left;
      try {
        while (left > 0) {
          try {
            return condition.awaitNanos(left) > 0;
          } catch (InterruptedException _) {
            cancelled = true;
            left = deadline - System.nanoTime();
          }
        }
        return false;
      } finally {
        if (cancelled) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void wakeAll() {
      condition.signalAll();
    }
  }
}
