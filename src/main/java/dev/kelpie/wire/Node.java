package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A member of the cluster (`sd_node`, 80 bytes; spec §1.7). The first 24 bytes are garbage in the
/// original: ignored when read, written as 0.
///
/// @param vnodes its number of virtual nodes, 0 for a gateway that stores nothing
/// @param zone unsigned; replicas go to different zones
/// @param space in bytes
public record Node(NodeId id, int vnodes, int zone, long space) {
  /// Bytes on the wire.
  public static final int SIZE = 80;

  /// How many nodes a cluster may have.
  public static final int COUNT_MAX = 6144;

  /// Reads one.
  public static Node decode(ByteBuffer in) throws MalformedPayload {
    return decode(Layout.read(in, SIZE, "node"), 0);
  }

  /// Reads all that the buffer holds, which is a whole number of them.
  public static List<Node> decodeAll(ByteBuffer in) throws MalformedPayload {
    if (in.remaining() % SIZE != 0) {
      throw new MalformedPayload("a node list of " + in.remaining() + " bytes");
    }
    List<Node> nodes = new ArrayList<>(in.remaining() / SIZE);
    while (in.hasRemaining()) {
      nodes.add(decode(in));
    }
    return nodes;
  }

  /// Writes one.
  public void encode(ByteBuffer out) {
    encode(Layout.write(out, SIZE), 0);
  }

  /// The nodes of a structure of which they are the tail.
  static List<Node> decodeTail(Layout in, int at, int count) {
    List<Node> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      nodes.add(decode(in, at + i * SIZE));
    }
    return nodes;
  }

  static void encodeTail(Layout to, int at, List<Node> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      nodes.get(i).encode(to, at + i * SIZE);
    }
  }

  private static Node decode(Layout in, int at) {
    return new Node(NodeId.decode(in, at + 24), in.u16(at + 64), in.i32(at + 68), in.i64(at + 72));
  }

  private void encode(Layout to, int at) {
    id.encode(to, at + 24);
    to.u16(at + 64, vnodes);
    to.i32(at + 68, zone);
    to.i64(at + 72, space);
  }
}
