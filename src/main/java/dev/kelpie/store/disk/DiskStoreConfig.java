package dev.kelpie.store.disk;

/// The bounds of a [DiskStore].
///
/// @param segmentBytesMax of one segment of the log; two per disk
/// @param touchedObjectsMax whose changes one lap of the log may hold, which is how many files a
///   checkpoint syncs
/// @param waitingBytesMax of deferred small writes that may wait in memory, per disk
/// @param openObjectsMax whose files and tables are kept open, for the whole store
/// @param smallBlocksMax up to how many blocks a write goes through the log with its data
/// @param tasks how many files a checkpoint or a flush syncs at once
/// @param background whether a task of its own carries out checkpoints; otherwise a writer that
///   finds both segments full does, which tests use to have every step in one task
public record DiskStoreConfig(
    int segmentBytesMax,
    int touchedObjectsMax,
    int waitingBytesMax,
    int openObjectsMax,
    int smallBlocksMax,
    int tasks,
    boolean background) {
  /// * Segments of 32 MiB: some 7,000 writes of 4 KiB between two checkpoints, and a replay after a
  ///   crash reads at most 64 MiB.
  /// * 512 objects per lap: a replay after a crash syncs at most 1,024 files.
  /// * 8 MiB waiting: so many deferred writes share one sync of the log.
  /// * 1,536 open objects: all of two laps and 512 more. Each takes two descriptors and a table of
  ///   4 KiB, together 3,072 of the 4,096 that the smallest usual limit has, and 7 MiB.
  /// * 16 blocks, 64 KiB: up to there writing twice costs less than the second sync.
  /// * 4 syncs at once, so that the device has something to merge.
  public static final DiskStoreConfig DEFAULT =
      new DiskStoreConfig(32 << 20, 512, 8 << 20, 1536, 16, 4, true);

  public DiskStoreConfig {
    int recordMax = LogRecord.headLength(smallBlocksMax) + Blocks.start(smallBlocksMax);
    if (smallBlocksMax < 1
        || Segment.START + recordMax > Math.min(segmentBytesMax, Segment.FIRST_LENGTH)) {
      throw new IllegalArgumentException(
          "a segment of " + segmentBytesMax + " bytes cannot hold " + smallBlocksMax + " blocks");
    }
    if (touchedObjectsMax < 1 || openObjectsMax < 1 || tasks < 1 || waitingBytesMax < 0) {
      throw new IllegalArgumentException("a bound of the disk store is too small");
    }
  }
}
