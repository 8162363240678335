package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.CHUNK_RECORD;
import static dev.kelpie.cache.IndexLayout.OBJECT_RECORD;

import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The records of one segment of the index at a time, as a start finds them. They are read through
/// the file: many times cheaper than word by word through the mapping, which shows the same bytes,
/// and a device that fails is a plain error.
final class FoundRecords {
  private static final int CHUNKS = IndexLayout.CHUNKS_PER_SEGMENT * CHUNK_RECORD;
  private static final int OBJECTS = IndexLayout.OBJECTS_PER_SEGMENT * OBJECT_RECORD;

  private final DiskFile index;
  private final ByteBuffer direct = ByteBuffer.allocateDirect(IndexLayout.SEGMENT_SIZE);
  private final ByteBuffer bytes =
      ByteBuffer.allocate(IndexLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);

  FoundRecords(DiskFile index) {
    this.index = index;
  }

  void readChunks(int segment) throws IOException {
    read(IndexLayout.segment(segment), CHUNKS);
  }

  void readObjects(int segment) throws IOException {
    read(IndexLayout.segment(segment) + CHUNKS, OBJECTS);
  }

  private void read(long at, int length) throws IOException {
    direct.clear().limit(length);
    if (index.read(direct, at) != length) {
      throw new IOException("the index ends in the middle of its records");
    }
    bytes.clear();
    bytes.put(direct.flip()).flip();
  }

  /// The owner of the chunk with this place in the segment; 0 for none.
  long owner(int place) {
    return bytes.getLong(place * CHUNK_RECORD);
  }

  int number(int place) {
    return bytes.getInt(place * CHUNK_RECORD + ChunkTable.CHUNK_NUMBER);
  }

  int useCount(int place) {
    return bytes.getInt(place * CHUNK_RECORD + ChunkTable.USE_COUNT);
  }

  long masks(int place) {
    return RecordCheck.value(bytes.getLong(place * CHUNK_RECORD + ChunkTable.MASKS));
  }

  /// Whether the words of a chunk's record belong together.
  boolean isWhole(int place) {
    int at = place * CHUNK_RECORD;
    return RecordCheck.holds(
        bytes.getLong(at + ChunkTable.MASKS),
        bytes.getLong(at),
        bytes.getLong(at + ChunkTable.CHUNK_NUMBER));
  }

  /// The oid of the object record with this place in the segment; 0 for none.
  long object(int place) {
    return bytes.getLong(place * OBJECT_RECORD);
  }
}
