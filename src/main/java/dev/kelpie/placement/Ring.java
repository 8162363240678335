package dev.kelpie.placement;

import dev.kelpie.model.SheepHash;
import java.util.Arrays;
import java.util.List;

/// The points of all nodes in the order of their unsigned values (spec/cluster.md §2.2-2.3). Where
/// two have the same value, that of the node earlier in the list counts.
public final class Ring {
  private final List<Site> sites;
  private final long[] points;

  /// Whose point each is, as an index into the list of nodes.
  private final int[] owners;

  private final int zones;

  /// @param sites the nodes; what the ring answers are indexes into this list
  public Ring(List<Site> sites) {
    this.sites = List.copyOf(sites);
    int count = sites.stream().mapToInt(Site::points).sum();
    Point[] all = new Point[count];
    int next = 0;
    for (int owner = 0; owner < sites.size(); owner++) {
      Site site = sites.get(owner);
      long hash = site.hash();
      for (int i = 0; i < site.points(); i++) {
        hash = SheepHash.next(hash);
        all[next++] = new Point(hash, owner);
      }
    }
    Arrays.sort(all);
    this.points = new long[count];
    this.owners = new int[count];
    for (int i = 0; i < count; i++) {
      points[i] = all[i].hash ^ Long.MIN_VALUE; // in this form signed order is unsigned order
      owners[i] = all[i].owner;
    }
    this.zones =
        (int) sites.stream().filter(site -> site.points() > 0).map(Site::zone).distinct().count();
  }

  private record Point(long hash, int owner) implements Comparable<Point> {
    @Override
    public int compareTo(Point other) {
      int order = Long.compareUnsigned(hash, other.hash);
      return order != 0 ? order : Integer.compare(owner, other.owner);
    }
  }

  /// How many zones have nodes that hold anything: no object has more copies.
  public int zones() {
    return zones;
  }

  /// The nodes for a hash: that of the first point at or behind it, then those of the next points
  /// whose zones are not taken yet, round the ring.
  ///
  /// @return indexes into the list of nodes; as many as copies are wanted, or as there are zones
  public int[] holders(long hash, int copies) {
    int[] holders = new int[Math.min(copies, zones)];
    int found = 0;
    int at = first(hash);
    while (found < holders.length) {
      int owner = owners[at];
      if (!isZoneTaken(holders, found, sites.get(owner).zone())) {
        holders[found++] = owner;
      }
      at = at + 1 == points.length ? 0 : at + 1;
    }
    return holders;
  }

  private int first(long hash) {
    int found = Arrays.binarySearch(points, hash ^ Long.MIN_VALUE);
    if (found < 0) {
      int behind = -found - 1;
      return behind == points.length ? 0 : behind;
    }
    while (found > 0 && points[found - 1] == points[found]) {
      found--;
    }
    return found;
  }

  private boolean isZoneTaken(int[] holders, int count, int zone) {
    for (int i = 0; i < count; i++) {
      if (sites.get(holders[i]).zone() == zone) {
        return true;
      }
    }
    return false;
  }
}
