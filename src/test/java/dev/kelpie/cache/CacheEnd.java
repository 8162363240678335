package dev.kelpie.cache;

/// Lets tests of other rooms end a cache as a kill does.
public final class CacheEnd {
  private CacheEnd() {}

  /// Ends what is left of a cache whose disk is off.
  public static void abandon(ObjectCache cache) {
    cache.abandon();
  }
}
