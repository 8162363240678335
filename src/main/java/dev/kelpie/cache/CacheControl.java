package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;

/// What an operator can ask of the object cache, beside the reads and writes that pass through it.
public interface CacheControl {
  /// How full the cache is, and with what.
  Usage usage();

  /// Pushes what is dirty of a VDI, then drops everything of it.
  ///
  /// @param force drop even what cannot be pushed
  /// @return the dirty bytes that were dropped, 0 unless forced
  /// @throws IOException where a push failed and `force` is not set; nothing dirty was dropped
  long drop(VdiId vdi, boolean force) throws IOException;

  /// Brings what is absent of a range of a data object here, clean, as a client of the VDI would
  /// see it. Makes room by evicting what other VDIs have clean; what does not fit even so is not
  /// fetched.
  ///
  /// @param vdi whose disk the object is part of; the object may be that of a VDI it comes from
  Warmed warm(VdiId vdi, ObjectId object, int offset, int length) throws IOException;

  /// Forgets everything without pushing it: the cluster is formatted.
  void clear() throws IOException;

  /// What came of [#warm], in bytes.
  ///
  /// @param pulled from the backend
  /// @param full whether the cache has no room for the rest
  record Warmed(long pulled, boolean full) {}

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
