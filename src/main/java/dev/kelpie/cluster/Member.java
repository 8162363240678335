package dev.kelpie.cluster;

import java.net.InetAddress;

/// A node as the members know it. Who it is, is its address and port alone.
///
/// @param vnodes its number of virtual nodes, 0 for a gateway that stores nothing
/// @param zone unsigned; copies of an object go to different zones
/// @param space in bytes
public record Member(InetAddress address, int port, int vnodes, int zone, long space) {
  public Member {
    if (port < 0 || port > 0xffff || vnodes < 0 || vnodes > 0xffff || space < 0) {
      throw new IllegalArgumentException(
          "port " + port + ", " + vnodes + " virtual nodes, " + space + " bytes: out of range");
    }
  }

  /// Whether both are the same node.
  public boolean sameNode(Member other) {
    return port == other.port && address.equals(other.address);
  }
}
