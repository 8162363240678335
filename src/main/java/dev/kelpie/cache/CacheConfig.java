package dev.kelpie.cache;

import java.nio.file.Path;
import java.time.Duration;

/// The cache's settings.
///
/// @param directory where the files lie; its parent exists
/// @param size the quota in bytes, rounded down to chunks; what the slab takes, the index comes on
///   top
/// @param keepPulled whether blocks pulled by reads are kept: not worth it where cache and store
///   share a device. Where they are not, nothing is fetched but what somebody asks for
/// @param bootSets whether what is read after a VDI was opened is noted, and fetched the next time
/// @param pushAge how old dirty data may become before it is pushed in the background
/// @param dirtyTime how long it may take to push all that a VDI has dirty, at the rate of late
public record CacheConfig(
    Path directory,
    long size,
    boolean keepPulled,
    boolean bootSets,
    Duration pushAge,
    Duration dirtyTime) {
  /// The smallest cache, as `sheep -w` takes it.
  public static final long SIZE_MIN = 10L << 20;

  /// Dirty data goes out after this time where nothing else makes it go.
  public static final Duration PUSH_AGE_DEFAULT = Duration.ofSeconds(5);

  /// So long a flush may take, unless said otherwise.
  public static final Duration DIRTY_TIME_DEFAULT = Duration.ofSeconds(10);

  /// With the usual limit of what may be dirty.
  public CacheConfig(
      Path directory, long size, boolean keepPulled, boolean bootSets, Duration pushAge) {
    this(directory, size, keepPulled, bootSets, pushAge, DIRTY_TIME_DEFAULT);
  }

  public CacheConfig {
    if (size < SIZE_MIN || size / IndexLayout.CHUNK_SIZE > IndexLayout.CHUNKS_MAX) {
      throw new IllegalArgumentException("cache size out of range: " + size);
    }
  }

  /// How many chunks the quota has room for.
  int chunks() {
    return (int) (size / IndexLayout.CHUNK_SIZE);
  }
}
