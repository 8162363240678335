package dev.kelpie.object;

/// How a request uses the object cache. A read takes a cached block in every mode.
public enum CacheMode {
  /// Writes are answered from the cache and pushed later; read misses are kept.
  WRITEBACK,
  /// Writes go to cache and backend before the answer; read misses are kept.
  WRITETHROUGH,
  /// Writes go to the backend before the answer, and nothing new is kept in the cache.
  DIRECT
}
