package dev.kelpie.placement;

/// A node as the ring sees it.
///
/// @param hash of its address and port; its points follow from it (spec/cluster.md §2.2)
/// @param points how many it has, from 0 (which holds nothing) to 65535
/// @param zone no two copies of an object lie in the same one
public record Site(long hash, int points, int zone) {
  private static final int POINTS_MAX = 0xffff;

  public Site {
    if (points < 0 || points > POINTS_MAX) {
      throw new IllegalArgumentException("points of a node out of range: " + points);
    }
  }
}
