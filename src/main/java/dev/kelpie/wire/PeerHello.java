package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// How two nodes introduce themselves, one with PEER_HELLO and the other with its answer
/// (docs/peer-protocol.md). PEER_HELLO is Kelpie's own.
///
/// @param lowest the lowest version of the protocol between nodes that the sender speaks
/// @param highest the highest; in the answer, the version that is spoken from now on
/// @param purpose what the connection is for
/// @param features bits for what the sender can do beyond that; in the answer, those that both can
/// @param cluster the creation time of the cluster, by which clusters are told apart
/// @param life a number that no other process has that ever was this node
/// @param number which of the sender's connections to the other node this is, from 1
/// @param from the sender's name, address and port as text
/// @param to the name of the node that is meant
public record PeerHello(
    int lowest,
    int highest,
    int purpose,
    long features,
    long cluster,
    long life,
    long number,
    String from,
    String to) {
  /// Bytes on the wire.
  public static final int SIZE = 168;

  /// The bytes of a name and its NUL.
  public static final int NAME_SIZE = 64;

  /// Reads one.
  public static PeerHello decode(ByteBuffer in) throws MalformedPayload {
    Layout hello = Layout.read(in, SIZE, "the introduction of a node");
    return new PeerHello(
        hello.u16(0),
        hello.u16(2),
        hello.i32(4),
        hello.i64(8),
        hello.i64(16),
        hello.i64(24),
        hello.i64(32),
        hello.text(40, NAME_SIZE),
        hello.text(40 + NAME_SIZE, NAME_SIZE));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.u16(0, lowest);
    to.u16(2, highest);
    to.i32(4, purpose);
    to.i64(8, features);
    to.i64(16, cluster);
    to.i64(24, life);
    to.i64(32, number);
    to.text(40, NAME_SIZE, from);
    to.text(40 + NAME_SIZE, NAME_SIZE, this.to);
  }
}
