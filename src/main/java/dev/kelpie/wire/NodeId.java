package dev.kelpie.wire;

/// Who a sheep is: its address, and a second one for traffic between sheep, [NodeAddress#NONE]
/// where it has none. 40 bytes, the last four of them padding (spec §1.7). Identity is the first
/// address alone.
public record NodeId(NodeAddress address, NodeAddress ioAddress) implements Comparable<NodeId> {
  /// Bytes on the wire.
  public static final int SIZE = 40;

  static NodeId decode(Layout in, int at) {
    return new NodeId(NodeAddress.decode(in, at), NodeAddress.decode(in, at + NodeAddress.SIZE));
  }

  void encode(Layout to, int at) {
    address.encode(to, at);
    ioAddress.encode(to, at + NodeAddress.SIZE);
  }

  @Override
  public int compareTo(NodeId other) {
    return address.compareTo(other.address);
  }
}
