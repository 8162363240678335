package dev.kelpie.cache;

import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;

/// What an operator can ask of the object cache, beside the reads and writes that pass through it.
public interface CacheControl {
  /// How full the cache is, and with what.
  Usage usage();

  /// The quota of the whole cache, in bytes.
  long size();

  /// The bytes that these VDIs take together.
  long used(List<VdiId> vdis);

  /// Pushes what is dirty of a VDI, then drops everything of it.
  ///
  /// @param force drop even what cannot be pushed
  /// @return the dirty bytes that were dropped, 0 unless forced
  /// @throws IOException where a push failed and `force` is not set; nothing dirty was dropped
  long drop(VdiId vdi, boolean force) throws IOException;

  /// Forgets everything without pushing it: the cluster is formatted.
  void clear() throws IOException;

  /// The state of the whole cache, in bytes.
  ///
  /// @param size the quota
  /// @param used by chunks that are in use
  record Usage(long size, long used, List<VdiUsage> vdis) {}

  /// The share of one VDI.
  ///
  /// @param objects of which something is cached
  /// @param dirtyObjects of which something is dirty
  /// @param usedBytes of chunks
  /// @param dirtyBytes that the backend does not have
  /// @param hits reads answered without the backend, since the start
  /// @param misses reads that needed it
  record VdiUsage(
      VdiId vdi,
      int objects,
      int dirtyObjects,
      long usedBytes,
      long dirtyBytes,
      long hits,
      long misses) {}
}
