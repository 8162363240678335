package dev.kelpie.testing;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Chance for tests that can be replayed: every seed is printed, and `-Dseed=` gives it back.
public final class Seeds {
  private static final String PROPERTY = "seed";

  private Seeds() {}

  /// The seed asked for, or a new one.
  public static long seed(String test) {
    Long given = Long.getLong(PROPERTY);
    long seed = given != null ? given : new SplittableRandom().nextLong();
    System.out.println(test + " runs with -D" + PROPERTY + "=" + seed);
    return seed;
  }

  /// A generator with that seed, for one thread.
  public static RandomGenerator generator(String test) {
    return new SplittableRandom(seed(test));
  }
}
