package dev.kelpie.placement;

import dev.kelpie.model.SheepHash;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A node as the ring sees it.
///
/// @param hash of its address and port; its points follow from it (spec/cluster.md §2.2)
/// @param points how many it has, from 0 (which holds nothing) to 65535
/// @param zone no two copies of an object lie in the same one
public record Site(long hash, int points, int zone) {
  private static final int POINTS_MAX = 0xffff;

  /// Bytes of address and port; an IPv4 address is the last four of an address.
  private static final int HASHED = 18;

  private static final int ADDRESS = 16;

  public Site {
    if (points < 0 || points > POINTS_MAX) {
      throw new IllegalArgumentException("points of a node out of range: " + points);
    }
  }

  /// The node that listens there.
  ///
  /// @param points how many it has, from 0 to 65535
  /// @param zone no two copies of an object lie in the same one
  public static Site of(InetAddress address, int port, int points, int zone) {
    ByteBuffer hashed = ByteBuffer.allocate(HASHED).order(ByteOrder.LITTLE_ENDIAN);
    byte[] bytes = address.getAddress();
    hashed.put(ADDRESS - bytes.length, bytes).putShort(ADDRESS, (short) port);
    return new Site(SheepHash.hash(hashed.array()), points, zone);
  }
}
