package dev.kelpie.model;

/// Sheepdog's hashes: FNV-1a with 64 bits, and the same fed once more through itself
/// (spec/protocol-and-cache.md §1.13, vectors in spec/cluster.md Annex A.1).
public final class SheepHash {
  private static final long OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long PRIME = 0x100000001B3L;

  private SheepHash() {}

  /// One round of FNV-1a over all bytes.
  public static long fnv1a(byte[] bytes) {
    long hash = OFFSET_BASIS;
    for (byte b : bytes) {
      hash = step(hash, b);
    }
    return hash;
  }

  /// `sd_hash`: two rounds, for objects, virtual nodes and disks.
  public static long hash(byte[] bytes) {
    return next(fnv1a(bytes));
  }

  /// `sd_hash` of an object id, over its eight little-endian bytes.
  public static long hash(ObjectId object) {
    return next(littleEndian(OFFSET_BASIS, object.value()));
  }

  /// `sd_hash_next`: the second round alone.
  public static long next(long hash) {
    return littleEndian(hash, hash);
  }

  /// Where the search for a VDI's id starts: the low 24 bits of one round over the name's bytes,
  /// without a terminating NUL. May be 0, which is no valid id.
  public static int vdiSlot(byte[] name) {
    return (int) (fnv1a(name) & (VdiId.COUNT - 1));
  }

  private static long littleEndian(long start, long value) {
    long hash = start;
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      hash = step(hash, (byte) (value >>> shift));
    }
    return hash;
  }

  private static long step(long hash, byte b) {
    return (hash ^ (b & 0xff)) * PRIME;
  }
}
