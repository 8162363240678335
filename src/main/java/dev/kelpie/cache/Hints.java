package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.PriorityQueue;

/// Which chunks an index named whose content is lost: addresses and nothing else, of records whose
/// check holds. Whatever masks and checksums say after a power loss, they are not believed; an
/// address that is wrong costs a read of a chunk that nobody wants.
///
/// @param owners oids, what came into use last first
/// @param numbers which chunk of each object
record Hints(long[] owners, int[] numbers) {
  static final Hints NONE = new Hints(new long[0], new int[0]);

  /// The most addresses that are kept: 16 GiB of cache, in 4 MiB of memory.
  static final int COUNT_MAX = 1 << 18;

  private static final int NUMBER = 8;
  private static final int USE_COUNT = 12;
  private static final int MASKS = 16;

  /// An address, and what orders them: chunks are taken from the first on, and each use of one
  /// counts.
  private record Hint(long owner, int number, int useCount, int chunk) {
    boolean olderThan(Hint other) {
      return useCount != other.useCount ? useCount < other.useCount : chunk < other.chunk;
    }
  }

  int count() {
    return owners.length;
  }

  /// Reads the addresses of so many chunks from an index, as far as it goes.
  static Hints read(DiskFile index, int allocated) throws IOException {
    PriorityQueue<Hint> newest = new PriorityQueue<>((a, b) -> a.olderThan(b) ? -1 : 1);
    ByteBuffer records =
        ByteBuffer.allocateDirect(IndexLayout.CHUNKS_PER_SEGMENT * IndexLayout.CHUNK_RECORD)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int segment = 0; segment < IndexLayout.segments(allocated); segment++) {
      records.clear();
      index.read(records, IndexLayout.segment(segment));
      records.flip();
      int base = segment * IndexLayout.CHUNKS_PER_SEGMENT;
      for (int i = 0; (i + 1) * IndexLayout.CHUNK_RECORD <= records.limit(); i++) {
        add(newest, records, i * IndexLayout.CHUNK_RECORD, base + i);
      }
    }
    return inOrder(newest);
  }

  private static void add(PriorityQueue<Hint> newest, ByteBuffer records, int at, int chunk) {
    long owner = records.getLong(at);
    int number = records.getInt(at + NUMBER);
    ObjectId id = new ObjectId(owner);
    boolean whole =
        RecordCheck.holds(records.getLong(at + MASKS), owner, records.getLong(at + NUMBER));
    if (whole
        && owner != 0
        && Recovery.cacheable(id)
        && number >= 0
        && number < CacheState.chunks(id)) {
      newest.add(new Hint(owner, number, records.getInt(at + USE_COUNT), chunk));
      if (newest.size() > COUNT_MAX) {
        newest.remove();
      }
    }
  }

  private static Hints inOrder(PriorityQueue<Hint> newest) {
    long[] owners = new long[newest.size()];
    int[] numbers = new int[newest.size()];
    for (int i = owners.length - 1; i >= 0; i--) {
      Hint hint = newest.remove();
      owners[i] = hint.owner;
      numbers[i] = hint.number;
    }
    return new Hints(owners, numbers);
  }
}
