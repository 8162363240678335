package dev.kelpie.cache;

/// Lets tests of other rooms look into a cache.
public final class CacheProbe {
  private CacheProbe() {}

  /// Compares what the cache counts with what its records say, while no request is under way.
  public static void check(ObjectCache cache) {
    CacheCheck.check(cache);
  }
}
