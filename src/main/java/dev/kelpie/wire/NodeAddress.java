package dev.kelpie.wire;

import dev.kelpie.model.SheepHash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Where a sheep listens: an IPv6 address, or an IPv4 one in its last four bytes, and a port
/// (spec/protocol-and-cache.md §1.7). Sorted by the address's bytes, then by port.
///
/// @param high the first eight bytes of the address, the first of them highest
/// @param low the last eight
/// @param port from 0 to 65535
public record NodeAddress(long high, long low, int port) implements Comparable<NodeAddress> {
  /// Bytes of address and port.
  public static final int SIZE = 18;

  /// No address; what a node without a second network has for it.
  public static final NodeAddress NONE = new NodeAddress(0, 0, 0);

  private static final int ADDRESS_SIZE = 16;
  private static final int GROUPS = 8;

  public NodeAddress {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("port out of range: " + port);
    }
  }

  /// The address of 4 or 16 bytes in network order, as [java.net.InetAddress#getAddress] has it.
  public static NodeAddress of(byte[] address, int port) {
    if (address.length == Integer.BYTES) {
      return new NodeAddress(0, Integer.toUnsignedLong(ByteBuffer.wrap(address).getInt()), port);
    }
    if (address.length != ADDRESS_SIZE) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + address.length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(address);
    return new NodeAddress(bytes.getLong(), bytes.getLong(), port);
  }

  static NodeAddress decode(ByteBuffer in, int at) {
    return new NodeAddress(
        Long.reverseBytes(in.getLong(at)),
        Long.reverseBytes(in.getLong(at + Long.BYTES)),
        in.getShort(at + ADDRESS_SIZE) & 0xffff);
  }

  static NodeAddress decode(Layout in, int at) {
    return new NodeAddress(
        Long.reverseBytes(in.i64(at)),
        Long.reverseBytes(in.i64(at + Long.BYTES)),
        in.u16(at + ADDRESS_SIZE));
  }

  void encode(Layout to, int at) {
    to.i64(at, Long.reverseBytes(high));
    to.i64(at + Long.BYTES, Long.reverseBytes(low));
    to.u16(at + ADDRESS_SIZE, port);
  }

  /// The address in network order: 4 bytes where it is IPv4, else 16.
  public byte[] address() {
    return v4()
        ? ByteBuffer.allocate(Integer.BYTES).putInt((int) low).array()
        : ByteBuffer.allocate(ADDRESS_SIZE).putLong(high).putLong(low).array();
  }

  /// Whether the address is shown as IPv4: twelve bytes of 0, and then one that is not.
  public boolean v4() {
    return high == 0 && low >>> Integer.SIZE == 0 && (low >>> 24 & 0xff) != 0;
  }

  /// The default zone: the last four bytes, read as a little-endian number.
  public int zone() {
    return Integer.reverseBytes((int) low);
  }

  /// The hash of the node, from which its virtual nodes follow by [SheepHash#next] (spec §1.13).
  public long hash() {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    encode(Layout.write(bytes, SIZE), 0);
    return SheepHash.hash(bytes.array());
  }

  @Override
  public int compareTo(NodeAddress other) {
    int byHigh = Long.compareUnsigned(high, other.high);
    int byAddress = byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    return byAddress != 0 ? byAddress : Integer.compare(port, other.port);
  }

  /// The address alone, as C's `inet_ntop` writes it.
  public String host() {
    return v4() ? dotted((int) low) : colons();
  }

  /// Address and port with a colon between them, IPv6 without brackets, as `dog` prints it.
  @Override
  public String toString() {
    return host() + ":" + port;
  }

  /// The long form of logs and lock lists.
  public String longForm() {
    return (v4() ? "IPv4 ip:" : "IPv6 ip:") + host() + " port:" + port;
  }

  private static String dotted(int address) {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 0xff)
        + "."
        + (address >>> 8 & 0xff)
        + "."
        + (address & 0xff);
  }

  private String colons() {
    int runStart = longestZeroRun();
    int runEnd = runStart < 0 ? -1 : zeroRunEnd(runStart);
    if (runStart == 0 && (runEnd == 6 || (runEnd == 5 && group(5) == 0xffff))) {
      return (runEnd == 6 ? "::" : "::ffff:") + dotted((int) low);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == runStart) {
        text.append("::");
        i = runEnd - 1;
        continue;
      }
      if (i > 0 && i != runEnd) {
        text.append(':');
      }
      text.append(Integer.toHexString(group(i)));
    }
    return text.toString();
  }

  /// The first of the longest runs of at least two groups of 0; -1 where there is none.
  private int longestZeroRun() {
    int best = -1;
    int bestLength = 1;
    for (int i = 0; i < GROUPS; i = Math.max(i + 1, zeroRunEnd(i))) {
      int length = zeroRunEnd(i) - i;
      if (length > bestLength) {
        best = i;
        bestLength = length;
      }
    }
    return best;
  }

  private int zeroRunEnd(int from) {
    int end = from;
    while (end < GROUPS && group(end) == 0) {
      end++;
    }
    return end;
  }

  private int group(int i) {
    long half = i < GROUPS / 2 ? high : low;
    int shift = (GROUPS / 2 - 1 - i % (GROUPS / 2)) * Short.SIZE;
    return (int) (half >>> shift) & 0xffff;
  }
}
