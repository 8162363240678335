package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.List;

/// The members of one epoch, in the answer to STAT_CLUSTER (spec §1.7). Each takes 48 bytes and 80
/// for every node slot that the request asked for, used or not. The original fills the creation
/// time, the flags, the copies and the store's name in the first log only.
///
/// @param createTime of the cluster: seconds in the high 32 bits, nanoseconds in the low ones
/// @param time when the epoch began, in seconds since 1970
/// @param epoch unsigned
/// @param flags [ClusterFlags]
/// @param store the name of the backend store
public record EpochLog(
    long createTime,
    long time,
    int epoch,
    boolean recoveryDisabled,
    int copies,
    int copyPolicy,
    int flags,
    String store,
    List<Node> nodes) {
  /// Bytes in front of the nodes.
  public static final int HEADER_SIZE = 48;

  static final int STORE_SIZE = 16;

  public EpochLog {
    nodes = List.copyOf(nodes);
  }

  /// The bytes of a log with this many node slots.
  ///
  /// @param slots from 0 to [Node#COUNT_MAX]
  public static int size(int slots) {
    return HEADER_SIZE + slots * Node.SIZE;
  }

  /// Reads one that has this many node slots.
  public static EpochLog decode(ByteBuffer in, int slots) throws MalformedPayload {
    Layout from = Layout.read(in, size(slots), "epoch log");
    int count = from.i32(20);
    if (count < 0 || count > slots) {
      throw new MalformedPayload(
          "an epoch log names " + Integer.toUnsignedLong(count) + " nodes in " + slots + " slots");
    }
    return new EpochLog(
        from.i64(0),
        from.i64(8),
        from.i32(16),
        from.u8(24) != 0,
        from.u8(25),
        from.u8(26),
        from.u16(30),
        from.text(32, STORE_SIZE),
        Node.decodeTail(from, HEADER_SIZE, count));
  }

  /// Writes it with this many node slots.
  ///
  /// @throws IllegalArgumentException where the nodes do not fit; the answer is
  ///   [ResultCode#BUFFER_SMALL] then
  public void encode(ByteBuffer out, int slots) {
    if (nodes.size() > slots) {
      throw new IllegalArgumentException(nodes.size() + " nodes do not fit in " + slots + " slots");
    }
    Layout to = Layout.write(out, size(slots));
    to.i64(0, createTime);
    to.i64(8, time);
    to.i32(16, epoch);
    to.i32(20, nodes.size());
    to.u8(24, recoveryDisabled ? 1 : 0);
    to.u8(25, copies);
    to.u8(26, copyPolicy);
    to.u16(30, flags);
    to.text(32, STORE_SIZE, store);
    Node.encodeTail(to, HEADER_SIZE, nodes);
  }
}
