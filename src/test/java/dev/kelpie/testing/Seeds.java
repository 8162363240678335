package dev.kelpie.testing;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Chance for tests that can be replayed: one seed per run, printed at its first use, given back
/// with `-Dseed=`. Each test draws from a stream of its own, so it can be replayed alone.
public final class Seeds {
  private static final String PROPERTY = "seed";
  private static final long SEED = choose();

  private Seeds() {}

  private static long choose() {
    Long given = Long.getLong(PROPERTY);
    long seed = given != null ? given : new SplittableRandom().nextLong();
    System.out.println("random tests run with -D" + PROPERTY + "=" + seed);
    return seed;
  }

  /// The seed of this run.
  public static long seed() {
    return SEED;
  }

  /// A generator for one thread.
  ///
  /// @param test names the stream, the same for each run
  public static RandomGenerator generator(String test) {
    return new SplittableRandom(SEED * 31 + test.hashCode());
  }
}
