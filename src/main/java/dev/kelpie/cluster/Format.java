package dev.kelpie.cluster;

/// What an operator chooses when a cluster is formatted.
///
/// @param createTime seconds in the high 32 bits, nanoseconds in the low ones; never 0
/// @param copies of each object where a VDI does not say otherwise, from 1 to 31
/// @param copyPolicy 0 for whole copies
/// @param flags the bits of the Sheepdog protocol (spec/protocol-and-cache.md §1.9)
/// @param store the name of the backend store, at most 15 bytes
public record Format(long createTime, int copies, int copyPolicy, int flags, String store) {
  /// The most copies.
  public static final int COPIES_MAX = 31;

  /// The most bytes that the name of a store may have.
  public static final int STORE_LENGTH_MAX = 15;

  public Format {
    if (createTime == 0) {
      throw new IllegalArgumentException("a creation time of 0 means: not formatted");
    }
    if (copies < 1 || copies > COPIES_MAX) {
      throw new IllegalArgumentException("copies out of range: " + copies);
    }
    if (store.isEmpty() || store.length() > STORE_LENGTH_MAX) {
      throw new IllegalArgumentException("the name of a store: " + store);
    }
  }
}
