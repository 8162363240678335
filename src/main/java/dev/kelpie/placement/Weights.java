package dev.kelpie.placement;

import java.util.List;

/// How many points nodes get on the ring for their space (spec/cluster.md §2.2).
public final class Weights {
  /// The points of a node whose space is that of the average.
  public static final int AVERAGE = 128;

  private Weights() {}

  /// The points of each node, from 1 to 65535; 0 for one that stores nothing. In single precision
  /// and rounded half to even, as the original has it.
  ///
  /// @param spaces of all nodes, in bytes; 0 for one that stores nothing
  public static int[] points(List<Long> spaces) {
    long count = spaces.stream().filter(space -> space > 0).count();
    if (count == 0) {
      return new int[spaces.size()];
    }
    long mean = spaces.stream().mapToLong(Long::longValue).sum() / count;
    float average = mean;
    return spaces.stream().mapToInt(space -> points(space, average)).toArray();
  }

  private static int points(long space, float average) {
    if (space == 0) {
      return 0;
    }
    double points = Math.rint(AVERAGE * ((float) space / average));
    return (int) Math.clamp(points, 1, 0xffff);
  }
}
