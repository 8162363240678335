package dev.kelpie.wire;

/// How often data is kept: as copies, or as data and parity strips (spec §1.11).
///
/// @param copies how many nodes hold a part of an object: copies, or strips of both kinds
/// @param policy 0 for copies; else half the number of data strips in the high four bits and the
///   number of parity strips in the low ones
public record Redundancy(int copies, int policy) {
  /// The most copies.
  public static final int COPIES_MAX = 31;

  /// Whatever the cluster's default is.
  public static final Redundancy DEFAULT = new Redundancy(0, 0);

  /// Whole copies.
  public static Redundancy replicated(int copies) {
    return new Redundancy(copies, 0);
  }

  /// Strips.
  ///
  /// @param data 2, 4, 8 or 16
  /// @param parity from 1 to 15
  public static Redundancy erasureCoded(int data, int parity) {
    if (data < 2 || data > 16 || Integer.bitCount(data) != 1 || parity < 1 || parity > 15) {
      throw new IllegalArgumentException("no erasure code of " + data + ":" + parity);
    }
    return new Redundancy(data + parity, ((data / 2) << 4) | parity);
  }

  /// Whether objects are kept as strips.
  public boolean erasureCoded() {
    return policy != 0;
  }

  /// The number of data strips; 0 where objects are kept as copies.
  public int dataStrips() {
    return (policy >>> 4) * 2;
  }

  /// The number of parity strips; 0 where objects are kept as copies.
  public int parityStrips() {
    return policy & 0xf;
  }

  /// The number of copies, or `data:parity`, as `dog` prints it.
  @Override
  public String toString() {
    return erasureCoded() ? dataStrips() + ":" + parityStrips() : Integer.toString(copies);
  }
}
