package dev.kelpie.cluster;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// A [Cluster] as the value of a record: big-endian, in the order of the fields. First a format
/// version (1 byte, 1); then creation time (8), copies (1), copy policy (1), flags (2), store
/// (text: 2 bytes of length, UTF-8), number of epochs (4); for each, newest first: number (4), time
/// (8), number of members (4); for each of those: length of the address (1), address, port (2),
/// virtual nodes (2), zone (4), space (8).
final class ClusterRecord {
  private static final int VERSION = 1;

  /// Half of what a value may have, so that the newest epochs always fit.
  private static final int BYTES_MAX = Coordination.VALUE_MAX / 2;

  private ClusterRecord() {}

  /// The value; without the oldest epochs where they have no room.
  static byte[] encode(Cluster cluster) {
    byte[] value = encodeAll(cluster);
    while (value.length > BYTES_MAX && cluster.epochs().size() > 1) {
      cluster = cluster.shorter();
      value = encodeAll(cluster);
    }
    return value;
  }

  private static byte[] encodeAll(Cluster cluster) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      Format format = cluster.format();
      to.writeByte(VERSION);
      to.writeLong(format.createTime());
      to.writeByte(format.copies());
      to.writeByte(format.copyPolicy());
      to.writeShort(format.flags());
      to.writeUTF(format.store());
      to.writeInt(cluster.epochs().size());
      for (Epoch epoch : cluster.epochs()) {
        encode(epoch, to);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  private static void encode(Epoch epoch, DataOutputStream to) throws IOException {
    to.writeInt(epoch.number());
    to.writeLong(epoch.time());
    to.writeInt(epoch.members().size());
    for (Member member : epoch.members()) {
      byte[] address = member.address().getAddress();
      to.writeByte(address.length);
      to.write(address);
      to.writeShort(member.port());
      to.writeShort(member.vnodes());
      to.writeInt(member.zone());
      to.writeLong(member.space());
    }
  }

  /// Reads a value.
  ///
  /// @throws IOException where this release does not know the format, or the value is damaged
  static Cluster decode(byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      int version = from.readUnsignedByte();
      if (version != VERSION) {
        throw new IOException(
            "the cluster's record has format "
                + version
                + ", this release knows "
                + VERSION
                + ": start the release that wrote it");
      }
      Format format =
          new Format(
              from.readLong(),
              from.readUnsignedByte(),
              from.readUnsignedByte(),
              from.readUnsignedShort(),
              from.readUTF());
      List<Epoch> epochs = new ArrayList<>();
      for (int left = from.readInt(); left > 0; left--) {
        epochs.add(decodeEpoch(from));
      }
      return new Cluster(format, epochs);
    } catch (IllegalArgumentException damage) {
      throw new IOException("the cluster's record is damaged: " + damage.getMessage(), damage);
    }
  }

  private static Epoch decodeEpoch(DataInputStream from) throws IOException {
    int number = from.readInt();
    long time = from.readLong();
    List<Member> members = new ArrayList<>();
    for (int left = from.readInt(); left > 0; left--) {
      byte[] address = from.readNBytes(from.readUnsignedByte());
      members.add(
          new Member(
              InetAddress.getByAddress(address),
              from.readUnsignedShort(),
              from.readUnsignedShort(),
              from.readInt(),
              from.readLong()));
    }
    return new Epoch(number, time, members);
  }
}
