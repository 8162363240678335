package dev.kelpie.cluster;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/// What a node says of itself in the record that is there while it lives.
///
/// As a value, big-endian: format version (1 byte, 1), incarnation (8), cluster (8), whether it is
/// done (1), id (text: 2 bytes of length, UTF-8), the member as in [ClusterRecord].
///
/// @param incarnation the number of this life of it
/// @param cluster the creation time of the cluster that its objects belong to, 0 where it has none
/// @param done whether it has nothing to ask of others any more before it stops
public record Announcement(Identity identity, long incarnation, long cluster, boolean done) {
  private static final int VERSION = 1;

  /// Whether the node may take part in a cluster.
  boolean fits(Cluster into) {
    return cluster == 0 || cluster == into.format().createTime();
  }

  Member member() {
    return identity.member();
  }

  byte[] encode() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      to.writeLong(incarnation);
      to.writeLong(cluster);
      to.writeBoolean(done);
      to.writeUTF(identity.id());
      ClusterRecord.encode(identity.member(), to);
    }
    return bytes.toByteArray();
  }

  static Announcement decode(Coordination.Stored stored) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(stored.value()))) {
      int version = from.readUnsignedByte();
      if (version != VERSION) {
        throw new IOException(
            "the record " + stored.key() + " has format " + version + ", not " + VERSION);
      }
      long incarnation = from.readLong();
      long cluster = from.readLong();
      boolean done = from.readBoolean();
      String id = from.readUTF();
      Member member = ClusterRecord.decodeMember(from);
      return new Announcement(new Identity(member, id), incarnation, cluster, done);
    } catch (IllegalArgumentException e) {
      throw new IOException("the record " + stored.key() + " is damaged: " + e.getMessage(), e);
    }
  }
}
