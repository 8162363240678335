package dev.kelpie.testing.baton;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Passes one baton around the tasks of all hosts. Time stands while any of them has something to
/// do, but for a moment that one may be held up by chance.
public final class Baton {
  /// At so many scheduling points on average, another task goes on.
  private static final int SWITCH = 4;

  /// At so many, the task is held up for some time; now and then for long.
  private static final int HOLD_UP = 600;

  private static final int HOLD_UP_LONG = 12;
  private static final long HOLD_UP_NANOS_MAX = 20_000_000;
  private static final long HOLD_UP_LONG_NANOS_MAX = 900_000_000;

  /// In real time, for the whole run.
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final SplittableRandom chance;
  private final List<Runner> runnable = new ArrayList<>();
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final List<Runner> all = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final Host director;
  private final BatonNetwork network;
  private @Nullable Runner current;
  private long now;
  private long timerCount;
  private long steps;
  private boolean calm;
  private Optional<Throwable> failure = Optional.empty();

  /// All choices come from the seed.
  public Baton(long seed) {
    this.chance = new SplittableRandom(seed);
    this.network = new BatonNetwork(this);
    this.director = new Host(this, "director");
  }

  /// A task.
  static final class Runner {
    final Host host;
    final String name;
    private final Thread thread;
    private volatile boolean turn;
    private @Nullable Waiters waitingIn;
    private long waits;
    private boolean woken;
    boolean interrupted;
    boolean sleeping;
    boolean ended;
    final Waiters joining = new Waiters();

    Runner(Host host, String name, Thread.Builder builder, Runnable body) {
      this.host = host;
      this.name = name;
      this.thread = builder.unstarted(body);
    }
  }

  /// Tasks that wait for one thing.
  static final class Waiters {
    private final List<Runner> runners = new ArrayList<>();
  }

  /// A wait that ends by itself.
  private record Timer(long time, long number, Runner runner, long waitNumber)
      implements Comparable<Timer> {
    @Override
    public int compareTo(Timer other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /// Where the choices come from; for whoever has the baton.
  public SplittableRandom chance() {
    return chance;
  }

  /// The time, in nanoseconds since the start.
  public long now() {
    return now;
  }

  /// From now on nothing is held up or late any more.
  public void calm() {
    calm = true;
  }

  boolean isCalm() {
    return calm;
  }

  /// How many times a task could have been interrupted so far.
  public long steps() {
    return steps;
  }

  /// Turns a new host on.
  public Host host(String name) {
    return new Host(this, name);
  }

  /// What lies between the hosts.
  public BatonNetwork network() {
    return network;
  }

  /// The host of the test itself: it is never off.
  public Host director() {
    return director;
  }

  /// Runs a task to its end; everything else is off then.
  ///
  /// @throws AssertionError where a task failed, or all wait for ever
  public void run(Runnable main) {
    Runner first = start(director, "main", main);
    pass(first);
    boolean inTime = false;
    try {
      inTime = over.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    if (!inTime) {
      Runner busy = Objects.requireNonNull(current);
      AssertionError hangs = new AssertionError("the simulation hangs in " + busy.name);
      hangs.setStackTrace(busy.thread.getStackTrace());
      throw hangs;
    }
    if (failure.isPresent()) {
      throw failure.get() instanceof AssertionError e
          ? e
          : new AssertionError("left a task: " + failure.get(), failure.get());
    }
  }

  Runner start(Host host, String name, Runnable body) {
    Runner[] self = new Runner[1];
    self[0] = new Runner(host, name, Thread.ofVirtual().name(name), () -> live(self[0], body));
    all.add(self[0]);
    runnable.add(self[0]);
    self[0].thread.start();
    return self[0];
  }

  private void live(Runner self, Runnable body) {
    awaitTurn(self);
    try {
      if (self.host.isOn()) {
        body.run();
      }
    } catch (Killed _) {
      // As it should be.
    } catch (Throwable e) {
      fail(e);
    }
    self.ended = true;
    all.remove(self);
    wakeAll(self.joining);
    if (self.name.equals("main") && self.host == director) {
      allOff();
    }
    if (all.isEmpty()) {
      over.countDown();
    } else {
      pass(next());
    }
  }

  private void fail(Throwable e) {
    if (failure.isEmpty()) {
      failure = Optional.of(e);
    }
    allOff();
  }

  private void allOff() {
    for (Runner runner : List.copyOf(all)) {
      if (runner.host.isOn()) {
        runner.host.kill(true);
      }
    }
  }

  /// All tasks of a host go their way out.
  void expel(Host host) {
    for (Runner runner : all) {
      if (runner.host == host && runner.waitingIn != null) {
        wake(runner, false);
      }
    }
  }

  Runner current() {
    return Objects.requireNonNull(current);
  }

  /// A place where something else may happen.
  void step() {
    steps++;
    requireOn();
    if (!calm && chance.nextInt(HOLD_UP) == 0) {
      boolean isLong = chance.nextInt(HOLD_UP_LONG) == 0;
      sleep(chance.nextLong(isLong ? HOLD_UP_LONG_NANOS_MAX : HOLD_UP_NANOS_MAX));
    } else if (chance.nextInt(SWITCH) == 0 && !runnable.isEmpty()) {
      Runner self = current();
      runnable.add(self);
      handOver(self);
    }
  }

  void requireOn() {
    if (!current().host.isOn()) {
      throw new Killed();
    }
  }

  void sleep(long nanos) {
    boolean _ = await(new Waiters(), nanos);
  }

  /// Waits to be woken, at most so long.
  ///
  /// @param nanos less than 0 for no limit
  /// @return whether it was woken
  boolean await(Waiters in, long nanos) {
    requireOn();
    Runner self = current();
    self.waits++;
    self.woken = false;
    self.waitingIn = in;
    in.runners.add(self);
    if (nanos >= 0) {
      timers.add(new Timer(now + nanos, timerCount++, self, self.waits));
    }
    handOver(self);
    return self.woken;
  }

  void wakeAll(Waiters in) {
    for (Runner runner : List.copyOf(in.runners)) {
      wake(runner, true);
    }
  }

  void wake(Runner runner, boolean woken) {
    Waiters in = runner.waitingIn;
    if (in != null) {
      in.runners.remove(runner);
      runner.waitingIn = null;
      runner.woken = woken;
      runnable.add(runner);
    }
  }

  private void handOver(Runner self) {
    Runner next = next();
    if (next != self) {
      pass(next);
      awaitTurn(self);
    }
    current = self;
    requireOn();
  }

  private void pass(Runner next) {
    runnable.remove(next);
    current = next;
    next.turn = true;
    LockSupport.unpark(next.thread);
  }

  private static void awaitTurn(Runner self) {
    while (!self.turn) {
      LockSupport.park();
    }
    self.turn = false;
  }

  /// Who goes on. Where nobody can, time does.
  private Runner next() {
    while (true) {
      List<Runner> ready = runnable.stream().filter(r -> !r.host.isPaused()).toList();
      if (!ready.isEmpty()) {
        Runner chosen = ready.get(chance.nextInt(ready.size()));
        runnable.remove(chosen);
        return chosen;
      }
      if (timers.isEmpty()) {
        fail(new AssertionError("all wait for ever: " + all.stream().map(r -> r.name).toList()));
        if (runnable.isEmpty()) {
          throw new IllegalStateException("there is nobody left");
        }
      } else {
        Timer timer = timers.remove();
        if (timer.runner.waitingIn != null && timer.runner.waits == timer.waitNumber) {
          now = Math.max(now, timer.time);
          wake(timer.runner, false);
        }
      }
    }
  }
}
