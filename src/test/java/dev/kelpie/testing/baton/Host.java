package dev.kelpie.testing.baton;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.testing.MemoryDisk;
import java.time.Duration;
import java.time.Instant;

/// A process on a machine of its own, from its start to its end.
public final class Host {
  private final Baton baton;
  private final String name;
  private final Platform platform;
  private boolean on = true;
  private boolean paused;

  Host(Baton baton, String name) {
    this.baton = baton;
    this.name = name;
    this.platform =
        new Platform(
            new MemoryDisk(),
            baton.network().of(this),
            new HostClock(),
            new HostTasks(),
            new BatonLocks(baton),
            baton.chance().split());
  }

  public String name() {
    return name;
  }

  /// Its doors to the world.
  public Platform platform() {
    return platform;
  }

  public boolean isOn() {
    return on;
  }

  /// Whether it stands still. One that is off does not: its tasks find their way out.
  public boolean isPaused() {
    return paused && on;
  }

  /// Lets it stand still, or go on. Bytes that come meanwhile are there when it goes on.
  public void pause(boolean stands) {
    paused = stands;
  }

  /// Ends it.
  ///
  /// @param silently whether nobody hears of it: the machine has no power, or no cable
  public void kill(boolean silently) {
    on = false;
    baton.network().left(this, silently);
    baton.expel(this);
  }

  /// Starts a task on it, from outside.
  public void start(String task, Runnable body) {
    Baton.Runner _ = baton.start(this, name + " " + task, body);
  }

  private final class HostClock implements Clock {
    @Override
    public long nanos() {
      return baton.now();
    }

    @Override
    public Instant now() {
      return Instant.EPOCH.plusNanos(baton.now());
    }
  }

  private final class HostTasks implements Tasks {
    @Override
    public Task start(String task, Runnable body) {
      baton.requireOn();
      return new HostTask(baton.start(Host.this, name + " " + task, body));
    }

    @Override
    public Task startDedicated(String task, Runnable body) {
      return start(task, body);
    }

    @Override
    public void sleep(Duration time) throws InterruptedException {
      Baton.Runner self = baton.current();
      checkInterrupted(self);
      self.sleeping = true;
      try {
        baton.sleep(time.toNanos());
      } finally {
        self.sleeping = false;
      }
      checkInterrupted(self);
    }

    private static void checkInterrupted(Baton.Runner self) throws InterruptedException {
      if (self.interrupted) {
        self.interrupted = false;
        throw new InterruptedException();
      }
    }
  }

  private final class HostTask implements Tasks.Task {
    private final Baton.Runner runner;

    HostTask(Baton.Runner runner) {
      this.runner = runner;
    }

    @Override
    public void cancel() {
      runner.interrupted = true;
      if (runner.sleeping) {
        baton.wake(runner, true);
      }
    }

    @Override
    public boolean join(Duration limit) {
      if (!runner.ended) {
        boolean _ = baton.await(runner.joining, limit.toNanos());
      }
      return runner.ended;
    }
  }
}
