package dev.kelpie.fuzz;

import dev.kelpie.testing.Seeds;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/// Runs rounds of a fuzz test: for ten seconds, or `-Dfuzz.seconds=N`; or the one round that
/// failed, `-Dfuzz.seed=N`.
final class Fuzz {
  private static final long SECONDS = Long.getLong("fuzz.seconds", 10);

  /// Many times what a round takes.
  private static final Duration ROUND_MAX = Duration.ofMinutes(2);

  private Fuzz() {}

  /// Some sessions on a server of their own.
  interface Round {
    void run(Dice dice) throws Exception;
  }

  /// Runs rounds until the time is over.
  ///
  /// @param name of the test
  static void run(String name, Round round) throws InterruptedException {
    Long replay = Long.getLong("fuzz.seed");
    if (replay != null) {
      run(name, replay, round);
      return;
    }
    RandomGenerator seeds = Seeds.generator(name);
    long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
    int rounds = 0;
    do {
      run(name, seeds.nextLong(), round);
      rounds++;
    } while (System.nanoTime() < end);
    System.out.println(name + ": " + rounds + " rounds");
  }

  private static void run(String name, long seed, Round round) throws InterruptedException {
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          round.run(new Dice(seed));
          return true;
        });
    Thread thread = Thread.ofPlatform().daemon().name(name + " " + seed).start(task);
    String how = name + " fails, replay it with -Dtest=" + name + " -Dfuzz.seed=" + seed;
    try {
      task.get(ROUND_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      throw new AssertionError(how, failure.getCause());
    } catch (TimeoutException hanging) {
      AssertionError failure = new AssertionError(how + ": it hangs", hanging);
      failure.setStackTrace(thread.getStackTrace());
      throw failure;
    }
  }
}
