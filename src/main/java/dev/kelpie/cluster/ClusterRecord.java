package dev.kelpie.cluster;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/// A [Cluster] as the value of a record: big-endian, in the order of the fields. First a format
/// version (1 byte, 3); then whether it is held (1), creation time (8), copies (1), copy policy
/// (1), flags (2), store (text: 2 bytes of length, UTF-8), number of epochs (4); for each, newest
/// first: number (4), time (8), number of members (4); for each of those: length of the address
/// (1), address, port (2), virtual nodes (2), zone (4), space (8). Then the number of seats (4);
/// for each: the member in the same form, state (1: 0 up, 1 down, 2 out), incarnation (8), since
/// (8), kept (1), number of falls (1), and each of them (8). A value of version 2 or 1 does not say
/// whether it is held, and is not; one of version 1 has no seats: all members of its newest epoch
/// are up. Of a cluster that is not formatted any more only the creation time is left (8 bytes).
final class ClusterRecord {
  private static final int VERSION = 3;
  private static final int WITHOUT_HOLD = 2;
  private static final int WITHOUT_SEATS = 1;

  /// Half of what a value may have, so that the newest epochs always fit.
  private static final int BYTES_MAX = Coordination.VALUE_MAX / 2;

  private static final int UP = 0;
  private static final int DOWN = 1;
  private static final int OUT = 2;

  private ClusterRecord() {}

  /// The value; without the oldest epochs where they have no room.
  static byte[] encode(Cluster cluster, boolean held) {
    byte[] value = encodeAll(cluster, held);
    while (value.length > BYTES_MAX && cluster.epochs().size() > 1) {
      cluster = cluster.shorter();
      value = encodeAll(cluster, held);
    }
    return value;
  }

  private static byte[] encodeAll(Cluster cluster, boolean held) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      Format format = cluster.format();
      to.writeByte(VERSION);
      to.writeBoolean(held);
      to.writeLong(format.createTime());
      to.writeByte(format.copies());
      to.writeByte(format.copyPolicy());
      to.writeShort(format.flags());
      to.writeUTF(format.store());
      to.writeInt(cluster.epochs().size());
      for (Epoch epoch : cluster.epochs()) {
        encode(epoch, to);
      }
      to.writeInt(cluster.seats().size());
      for (Seat seat : cluster.seats()) {
        encode(seat, to);
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
      encode(member, to);
    }
  }

  static void encode(Member member, DataOutputStream to) throws IOException {
    byte[] address = member.address().getAddress();
    to.writeByte(address.length);
    to.write(address);
    to.writeShort(member.port());
    to.writeShort(member.vnodes());
    to.writeInt(member.zone());
    to.writeLong(member.space());
  }

  private static void encode(Seat seat, DataOutputStream to) throws IOException {
    encode(seat.member(), to);
    to.writeByte(
        switch (seat.state()) {
          case UP -> UP;
          case DOWN -> DOWN;
          case OUT -> OUT;
        });
    to.writeLong(seat.incarnation());
    to.writeLong(seat.since());
    to.writeBoolean(seat.kept());
    to.writeByte(seat.falls().size());
    for (long fall : seat.falls()) {
      to.writeLong(fall);
    }
  }

  /// A checksum of the map and of the epoch that it belongs to.
  static int digest(Cluster cluster) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      encode(cluster.current(), to);
      for (Seat seat : cluster.seats()) {
        encode(seat, to);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    CRC32C sum = new CRC32C();
    sum.update(bytes.toByteArray());
    return (int) sum.getValue();
  }

  /// Reads a value.
  ///
  /// @throws IOException where this release does not know the format, or the value is damaged
  static Cluster decode(byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      int version = from.readUnsignedByte();
      if (version < WITHOUT_SEATS || version > VERSION) {
        throw new IOException(
            "the cluster's record has format "
                + version
                + ", this release knows "
                + VERSION
                + ": start the release that wrote it");
      }
      if (version > WITHOUT_HOLD) {
        from.readBoolean();
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
      return new Cluster(
          format, epochs, version > WITHOUT_SEATS ? decodeSeats(from) : seats(epochs.getFirst()));
    } catch (IllegalArgumentException damage) {
      throw new IOException("the cluster's record is damaged: " + damage.getMessage(), damage);
    }
  }

  /// The value where there is no cluster any more.
  static byte[] encodeEnded(long createTime) {
    return ByteBuffer.allocate(Long.BYTES).putLong(createTime).array();
  }

  /// The creation time of the cluster that was ended; empty where a value is that of a cluster.
  static OptionalLong ended(byte[] value) {
    return value.length == Long.BYTES
        ? OptionalLong.of(ByteBuffer.wrap(value).getLong())
        : OptionalLong.empty();
  }

  /// Whether a value that can be read says that it is held.
  static boolean isHeld(byte[] value) {
    return value.length > 1 && value[0] > WITHOUT_HOLD && value[1] != 0;
  }

  private static Epoch decodeEpoch(DataInputStream from) throws IOException {
    int number = from.readInt();
    long time = from.readLong();
    List<Member> members = new ArrayList<>();
    for (int left = from.readInt(); left > 0; left--) {
      members.add(decodeMember(from));
    }
    return new Epoch(number, time, members);
  }

  static Member decodeMember(DataInputStream from) throws IOException {
    byte[] address = from.readNBytes(from.readUnsignedByte());
    return new Member(
        InetAddress.getByAddress(address),
        from.readUnsignedShort(),
        from.readUnsignedShort(),
        from.readInt(),
        from.readLong());
  }

  private static List<Seat> decodeSeats(DataInputStream from) throws IOException {
    List<Seat> seats = new ArrayList<>();
    for (int left = from.readInt(); left > 0; left--) {
      Member member = decodeMember(from);
      Seat.State state = state(from.readUnsignedByte());
      long incarnation = from.readLong();
      long since = from.readLong();
      boolean kept = from.readBoolean();
      List<Long> falls = new ArrayList<>();
      for (int more = from.readUnsignedByte(); more > 0; more--) {
        falls.add(from.readLong());
      }
      seats.add(new Seat(member, state, incarnation, since, kept, falls));
    }
    return seats;
  }

  private static Seat.State state(int code) throws IOException {
    return switch (code) {
      case UP -> Seat.State.UP;
      case DOWN -> Seat.State.DOWN;
      case OUT -> Seat.State.OUT;
      default -> throw new IOException("the cluster's record is damaged: state " + code);
    };
  }

  private static List<Seat> seats(Epoch epoch) {
    return epoch.members().stream().map(member -> Seat.of(member, 0, epoch.time())).toList();
  }
}
