package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an operator can ask of the object cache, beside the reads and writes that pass through it.
public interface CacheControl {
  /// How full the cache is, with what, and what happened in it. Cheap: reads counts, not the index.
  Usage usage();

  /// How many objects of each VDI have something cached. Goes through the whole index.
  Map<VdiId, Integer> objects();

  /// The quota of the whole cache, in bytes.
  long size();

  /// The bytes that these VDIs take together.
  long used(List<VdiId> vdis);

  /// Pushes what is dirty of a VDI, durably, then drops everything of it.
  ///
  /// @param force drop even what cannot be pushed
  /// @return the dirty bytes that were dropped, 0 unless forced
  /// @throws IOException where a push failed and `force` is not set; nothing dirty was dropped
  long drop(VdiId vdi, boolean force) throws IOException;

  /// Goes on with a check of cached blocks, by some megabytes. A clean block that does not match
  /// its checksum is dropped, to be fetched again; a dirty one is left alone.
  ///
  /// @param vdi whose blocks are checked; empty for all
  /// @param from 0, or the end of the step before
  /// @param deep whether clean blocks are compared with the backend, and dropped where they differ
  Inspection check(Optional<VdiId> vdi, int from, boolean deep) throws IOException;

  /// Brings what is absent of a range of a data object here, clean, as a client of the VDI would
  /// see it. Makes room by evicting what other VDIs have clean; what does not fit even so is not
  /// fetched.
  ///
  /// @param vdi whose disk the object is part of; the object may be that of a VDI it comes from
  /// @return empty where the cache is off
  Optional<Warmed> warm(VdiId vdi, ObjectId object, int offset, int length) throws IOException;

  /// Forgets everything without pushing it: the cluster is formatted.
  void clear() throws IOException;

  /// What came of [#warm], in bytes.
  ///
  /// @param pulled from the backend
  /// @param full whether the cache has no room for the rest
  record Warmed(long pulled, boolean full) {}

  /// The state of the whole cache. Space is counted in chunks, since a chunk belongs to one object.
  ///
  /// @param on whether it serves; off after a fault of its device
  /// @param size the quota, in bytes
  /// @param used bytes of chunks that are in use
  /// @param dirty bytes of chunks that have something dirty, which cannot be evicted
  /// @param dirtyMax where writers wait until something was pushed, in bytes of such chunks
  /// @param vdis of which something is cached, or anything was counted since the start
  record Usage(boolean on, long size, long used, long dirty, long dirtyMax, List<VdiUsage> vdis) {
    /// A node without a cache, or an empty one.
    public static final Usage NONE = new Usage(false, 0, 0, 0, 0, List.of());

    public Usage {
      vdis = List.copyOf(vdis);
    }

    /// What happened on behalf of all VDIs.
    public Counters counters() {
      return vdis.stream().map(VdiUsage::counters).reduce(Counters.ZERO, Counters::plus);
    }
  }

  /// The share of one VDI. Valid and dirty are counted in whole blocks of 4 KiB.
  ///
  /// @param dirtyObjects that the backend does not have as they are here
  /// @param usedBytes of chunks
  /// @param validBytes that a read finds here
  /// @param dirtyBytes that the backend does not have
  /// @param oldestDirty for how long an object has differed from the backend; empty where none does
  record VdiUsage(
      VdiId vdi,
      int dirtyObjects,
      long usedBytes,
      long validBytes,
      long dirtyBytes,
      Optional<Duration> oldestDirty,
      Counters counters) {
    /// Whether anything is cached, or anything is to be pushed.
    public boolean holdsAnything() {
      return usedBytes > 0 || dirtyObjects > 0;
    }

    /// The same where nothing is served from the cache any more.
    VdiUsage emptied() {
      return new VdiUsage(vdi, 0, 0, 0, 0, Optional.empty(), counters);
    }
  }

  /// What a step of a check found, in blocks.
  ///
  /// @param next where the next step begins; [#END] where there is none
  /// @param checked read, and compared with their checksums
  /// @param damagedClean that did not match, and were dropped
  /// @param damagedDirty that did not match, and were left alone
  /// @param differing from the backend, and dropped
  /// @param unread in the backend, so that they could not be compared
  record Inspection(
      int next, int checked, int damagedClean, int damagedDirty, int differing, int unread) {
    /// There is no next step.
    public static final int END = -1;

    Inspection plus(Inspection more) {
      return new Inspection(
          next,
          checked + more.checked,
          damagedClean + more.damagedClean,
          damagedDirty + more.damagedDirty,
          differing + more.differing,
          unread + more.unread);
    }

    Inspection until(int end) {
      return new Inspection(end, checked, damagedClean, damagedDirty, differing, unread);
    }
  }

  /// What happened on behalf of a VDI since the start. A read of a clone that needs its parent's
  /// object counts for the clone; space and what leaves it count for the VDI that owns the object.
  ///
  /// @param hits read requests answered without the backend
  /// @param misses read requests that needed it
  /// @param pulledBytes read from the backend, in whole blocks
  /// @param readAheadBytes fetched before a client read them, and kept
  /// @param pushedBytes of data that the backend took in pushes
  /// @param pushesFailed whose data stays dirty and is tried again
  /// @param evictedBytes valid ones that went to make room
  /// @param damagedClean blocks that did not match their checksum, and are fetched again
  /// @param damagedDirty blocks that did not, and are lost; the VDI's next barrier said so
  /// @param throttleWaits times that a write waited for room
  record Counters(
      long hits,
      long misses,
      long pulledBytes,
      long readAheadBytes,
      long pushedBytes,
      long pushesFailed,
      long evictedBytes,
      long damagedClean,
      long damagedDirty,
      long throttleWaits) {
    /// Nothing happened.
    public static final Counters ZERO = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// Both together.
    public Counters plus(Counters other) {
      return new Counters(
          hits + other.hits,
          misses + other.misses,
          pulledBytes + other.pulledBytes,
          readAheadBytes + other.readAheadBytes,
          pushedBytes + other.pushedBytes,
          pushesFailed + other.pushesFailed,
          evictedBytes + other.evictedBytes,
          damagedClean + other.damagedClean,
          damagedDirty + other.damagedDirty,
          throttleWaits + other.throttleWaits);
    }
  }
}
