package dev.kelpie.cache;

/// Where things lie in the cache's files (docs/cache-format.md).
final class IndexLayout {
  static final int BLOCK_SIZE = 4096;
  static final int BLOCKS_PER_CHUNK = 16;
  static final int CHUNK_SIZE = BLOCK_SIZE * BLOCKS_PER_CHUNK;

  /// Of a data object.
  static final int CHUNKS_PER_OBJECT = 64;

  /// Chunks that are allocated together, with their part of the index: 64 MiB.
  static final int CHUNKS_PER_SEGMENT = 1024;

  static final int OBJECTS_PER_SEGMENT = 384;

  /// So that everything about a chunk can be counted in an `int`.
  static final int CHUNKS_MAX = Integer.MAX_VALUE / 2;

  /// A multiple of the chunk size, so that the page cache can keep each chunk in one piece.
  static final long SLAB_START = CHUNK_SIZE;

  static final long INDEX_START = 4096;
  static final int CHUNK_RECORD = 88;
  static final int OBJECT_RECORD = 32;
  static final int SEGMENT_SIZE =
      CHUNKS_PER_SEGMENT * CHUNK_RECORD + OBJECTS_PER_SEGMENT * OBJECT_RECORD;

  private IndexLayout() {}

  static long slabOffset(int chunk) {
    return SLAB_START + (long) chunk * CHUNK_SIZE;
  }

  static long chunkRecord(int chunk) {
    return segment(chunk / CHUNKS_PER_SEGMENT) + (long) (chunk % CHUNKS_PER_SEGMENT) * CHUNK_RECORD;
  }

  static long objectRecord(int slot) {
    return segment(slot / OBJECTS_PER_SEGMENT)
        + (long) CHUNKS_PER_SEGMENT * CHUNK_RECORD
        + (long) (slot % OBJECTS_PER_SEGMENT) * OBJECT_RECORD;
  }

  static long segment(int number) {
    return INDEX_START + (long) number * SEGMENT_SIZE;
  }

  /// How many segments so many chunks need.
  static int segments(int chunks) {
    return Math.ceilDiv(chunks, CHUNKS_PER_SEGMENT);
  }

  /// How many chunks an index of this length has room for.
  static int recorded(long length) {
    long segments = (length - INDEX_START) / SEGMENT_SIZE;
    return (int) Math.min(CHUNKS_MAX, segments * CHUNKS_PER_SEGMENT);
  }

  static long indexSize(int chunks) {
    return segment(segments(chunks));
  }
}
