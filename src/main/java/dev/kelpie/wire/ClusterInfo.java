package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.List;

/// The answer to CLUSTER_INFO, as release 0.9 lays it out (spec §1.7).
///
/// @param epoch unsigned
/// @param createTime seconds in the high 32 bits, nanoseconds in the low ones
/// @param flags [ClusterFlags]
/// @param status one of [#OK], [#WAIT], [#SHUTDOWN], [#KILLED]
/// @param store the name of the backend store
public record ClusterInfo(
    int protocolVersion,
    boolean recoveryDisabled,
    int epoch,
    long createTime,
    int flags,
    int copies,
    int copyPolicy,
    int status,
    String store,
    List<Node> nodes) {
  /// Bytes on the wire: 48 and room for 6144 nodes.
  public static final int SIZE = 48 + Node.COUNT_MAX * Node.SIZE;

  /// Status: serving.
  public static final int OK = 1;

  /// Status: not formatted, or members are missing.
  public static final int WAIT = 2;

  /// Status: stopping.
  public static final int SHUTDOWN = 3;

  /// Status: stopped by an operator.
  public static final int KILLED = 4;

  private static final int NODES = 48;

  public ClusterInfo {
    nodes = List.copyOf(nodes);
    if (nodes.size() > Node.COUNT_MAX) {
      throw new IllegalArgumentException("a cluster of " + nodes.size() + " nodes");
    }
  }

  /// Reads one; it may end behind the last node.
  public static ClusterInfo decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, Math.max(NODES, Math.min(SIZE, in.remaining())), "cluster info");
    int count = (short) from.u16(2);
    if (count < 0 || count > Node.COUNT_MAX || in.position() < NODES + count * Node.SIZE) {
      throw new MalformedPayload("a cluster info that names " + count + " nodes");
    }
    return new ClusterInfo(
        from.u8(0),
        from.u8(1) != 0,
        from.i32(4),
        from.i64(8),
        from.u16(16),
        from.u8(18),
        from.u8(19),
        from.u8(20),
        from.text(28, EpochLog.STORE_SIZE),
        Node.decodeTail(from, NODES, count));
  }

  /// Writes it, 491,568 bytes.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.u8(0, protocolVersion);
    to.u8(1, recoveryDisabled ? 1 : 0);
    to.u16(2, nodes.size());
    to.i32(4, epoch);
    to.i64(8, createTime);
    to.u16(16, flags);
    to.u8(18, copies);
    to.u8(19, copyPolicy);
    to.u8(20, status);
    to.text(28, EpochLog.STORE_SIZE, store);
    Node.encodeTail(to, NODES, nodes);
  }
}
