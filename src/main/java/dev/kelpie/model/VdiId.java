package dev.kelpie.model;

/// The 24-bit id of a virtual disk (VDI). 0 means "no VDI" everywhere and is never a valid id.
public record VdiId(int value) implements Comparable<VdiId> {
  /// How many ids there are; ids run from 1 to one less than this.
  public static final int COUNT = 1 << 24;

  public VdiId {
    if (value <= 0 || value >= COUNT) {
      throw new IllegalArgumentException("VDI id out of range: " + Integer.toHexString(value));
    }
  }

  @Override
  public int compareTo(VdiId other) {
    return Integer.compare(value, other.value);
  }

  /// Lower-case hexadecimal without padding, as `dog` prints it.
  @Override
  public String toString() {
    return Integer.toHexString(value);
  }
}
