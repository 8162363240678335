package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.OBJECTS_PER_SEGMENT;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.MappedBytes;

/// The records of the mapped index. Knows the order of stores that makes them readable after a kill
/// (docs/cache-format.md); whoever changes a record holds the lock of its object's [Stripe].
final class ChunkTable {
  static final int CHUNK_NUMBER = 8;
  static final int USE_COUNT = 12;
  static final int MASKS = 16;
  private static final int SUMS = 24;
  private static final int PARENT = 8;
  private static final int KIND = 16;
  private static final int OTHER_PARENT = 24;

  // Kind and flags make one aligned long, so that one release store changes both.
  private static final long REPLACING = 1L << 32;
  private static final long OTHER_PARENT_COUNTS = 1L << 33;

  private final MappedBytes index;

  ChunkTable(MappedBytes index) {
    this.index = index;
  }

  /// The owner's oid; 0 for a free chunk.
  long owner(int chunk) {
    return index.getLongAcquire(IndexLayout.chunkRecord(chunk));
  }

  /// Which chunk of its owner it is.
  int number(int chunk) {
    return index.getInt(IndexLayout.chunkRecord(chunk) + CHUNK_NUMBER);
  }

  int useCount(int chunk) {
    return index.getInt(IndexLayout.chunkRecord(chunk) + USE_COUNT);
  }

  long masks(int chunk) {
    return RecordCheck.value(index.getLongAcquire(IndexLayout.chunkRecord(chunk) + MASKS));
  }

  void masks(int chunk, long masks) {
    long at = IndexLayout.chunkRecord(chunk);
    putMasks(at, masks, index.getLong(at));
  }

  int sum(int chunk, int block) {
    return index.getInt(IndexLayout.chunkRecord(chunk) + SUMS + block * 4L);
  }

  void sum(int chunk, int block, int sum) {
    index.putInt(IndexLayout.chunkRecord(chunk) + SUMS + block * 4L, sum);
  }

  /// Gives a free chunk to an object.
  void assign(int chunk, ObjectId owner, int number) {
    long at = IndexLayout.chunkRecord(chunk);
    index.putInt(at + USE_COUNT, useCount(chunk) + 1);
    index.putInt(at + CHUNK_NUMBER, number);
    putMasks(at, 0, owner.value());
    index.putLongRelease(at, owner.value());
  }

  private void putMasks(long at, long masks, long owner) {
    long numberAndUse = index.getLong(at + CHUNK_NUMBER);
    index.putLongRelease(at + MASKS, RecordCheck.with(masks, owner, numberAndUse));
  }

  /// Takes a chunk from its object.
  void free(int chunk) {
    long at = IndexLayout.chunkRecord(chunk);
    putMasks(at, 0, index.getLong(at));
    index.putLongRelease(at, 0);
  }

  /// Frees what the records of chunks without bytes say they have, before they get some: damage
  /// done there meanwhile costs nobody anything, but a later start would take it for a loss. Use
  /// counts stay, as what was written before the files were cut may be there again.
  void clear(int first, int end) {
    for (int chunk = first; chunk < end; chunk++) {
      if (owner(chunk) != 0 || masks(chunk) != 0) {
        free(chunk);
      }
    }
    if (first % IndexLayout.CHUNKS_PER_SEGMENT == 0) {
      int slot = first / IndexLayout.CHUNKS_PER_SEGMENT * OBJECTS_PER_SEGMENT;
      for (int s = slot; s < slot + OBJECTS_PER_SEGMENT; s++) {
        if (stateOwner(s) != 0) {
          clearState(s);
        }
      }
    }
  }

  /// What a block's checksum is mixed with, so that it holds for one use of the chunk only.
  int seed(int chunk, int block) {
    long h = owner(chunk) * 0x9E3779B97F4A7C15L;
    h ^=
        ((long) number(chunk) << 36)
            ^ ((long) block << 32)
            ^ Integer.toUnsignedLong(useCount(chunk));
    h *= 0xBF58476D1CE4E5B9L;
    return (int) (h >>> 32);
  }

  /// The oid of an object record; 0 for a free one.
  long stateOwner(int slot) {
    return index.getLongAcquire(IndexLayout.objectRecord(slot));
  }

  /// The parent's oid; means something in a copy only.
  long stateParent(int slot) {
    return index.getLong(IndexLayout.objectRecord(slot) + parentField(kindAndFlags(slot)));
  }

  int stateKind(int slot) {
    return (int) kindAndFlags(slot);
  }

  /// Whether the chunks of what the object was before may still be there.
  boolean stateReplacing(int slot) {
    return (kindAndFlags(slot) & REPLACING) != 0;
  }

  /// Fills a free object record. Whatever chunks the object has are an earlier life's until
  /// [#stateReplaced].
  void putState(int slot, ObjectId owner, int kind, long parent) {
    long at = IndexLayout.objectRecord(slot);
    index.putLong(at + PARENT, parent);
    index.putLong(at + KIND, RecordCheck.with(kind | REPLACING, owner.value(), parent));
    index.putLongRelease(at, owner.value());
  }

  /// Changes a record in place, in one store: the parent goes to the field that does not count yet.
  /// Whatever chunks the object has are an earlier life's until [#stateReplaced].
  void changeState(int slot, int kind, long parent) {
    long at = IndexLayout.objectRecord(slot);
    long other = ~kindAndFlags(slot) & OTHER_PARENT_COUNTS;
    index.putLongRelease(at + parentField(other), parent);
    long word = kind | REPLACING | other;
    index.putLongRelease(at + KIND, RecordCheck.with(word, index.getLong(at), parent));
  }

  /// The chunks of what the object was before are free.
  void stateReplaced(int slot) {
    long word = kindAndFlags(slot) & ~REPLACING;
    index.putLongRelease(
        IndexLayout.objectRecord(slot) + KIND,
        RecordCheck.with(word, stateOwner(slot), stateParent(slot)));
  }

  /// Whether the words of an object record belong together.
  boolean stateIsWhole(int slot) {
    return RecordCheck.holds(
        index.getLongAcquire(IndexLayout.objectRecord(slot) + KIND),
        stateOwner(slot),
        stateParent(slot));
  }

  void clearState(int slot) {
    index.putLongRelease(IndexLayout.objectRecord(slot), 0);
  }

  private long kindAndFlags(int slot) {
    return RecordCheck.value(index.getLongAcquire(IndexLayout.objectRecord(slot) + KIND));
  }

  private static int parentField(long flags) {
    return (flags & OTHER_PARENT_COUNTS) == 0 ? PARENT : OTHER_PARENT;
  }

  /// How many object records so many allocated chunks bring along.
  static int stateSlots(int chunks) {
    return IndexLayout.segments(chunks) * OBJECTS_PER_SEGMENT;
  }
}
