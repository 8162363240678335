package dev.kelpie.cluster;

import dev.kelpie.platform.Endpoint;
import java.net.InetAddress;

/// A node as the members know it. Who it is, is its address and port alone: they are its [#name],
/// by which records and rooms that do not need the rest know it.
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

  /// What the node is known by: its address, as Java writes it, without a scope; a colon; its port.
  public String name() {
    String host = address.getHostAddress();
    int scope = host.indexOf('%');
    return (scope < 0 ? host : host.substring(0, scope)) + ":" + port;
  }

  /// Where a node of this [#name] is.
  ///
  /// @throws IllegalArgumentException where no node has such a name
  public static Endpoint.Tcp endpoint(String name) {
    int colon = name.lastIndexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("not a node's address and port: " + name);
    }
    InetAddress address = InetAddress.ofLiteral(name.substring(0, colon));
    return new Endpoint.Tcp(address, Integer.parseInt(name.substring(colon + 1)));
  }

  /// Whether both are the same node.
  public boolean sameNode(Member other) {
    return port == other.port && address.equals(other.address);
  }
}
