package dev.kelpie.replica;

/// What tells the states of an object apart: no two changes of a slot's objects have the same one,
/// so copies of one version have the same bytes.
///
/// @param ballot under which the change was made
/// @param count which of the changes under it this one is, from 1
public record Version(long ballot, long count) implements Comparable<Version> {
  /// There is no such object.
  public static final Version ABSENT = new Version(0, 0);

  @Override
  public int compareTo(Version other) {
    int byBallot = Long.compare(ballot, other.ballot);
    return byBallot != 0 ? byBallot : Long.compare(count, other.count);
  }

  @Override
  public String toString() {
    return ballot + "." + count;
  }
}
