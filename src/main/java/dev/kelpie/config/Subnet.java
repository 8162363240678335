package dev.kelpie.config;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/// Internet addresses that begin with the same bits.
///
/// @param network their first bits, then zeros; four bytes for IPv4, sixteen for IPv6
/// @param prefix how many bits count
public record Subnet(InetAddress network, int prefix) {
  private static final int IPV6_BYTES = 16;

  /// How many bits stand before an IPv4 address that is written as an IPv6 one.
  private static final int MAPPED_BITS = 96;

  /// Reads an address, or an address and a number of bits behind a slash.
  public static Subnet parse(String text) throws BadValue {
    int slash = text.indexOf('/');
    String addressText = slash < 0 ? text : text.substring(0, slash);
    Optional<InetAddress> address = Addresses.numeric(addressText);
    if (address.isEmpty()) {
      throw new BadValue(
          "Invalid address '"
              + text
              + "' in a list of clients: must be an IPv4 or IPv6 address in numbers, such as"
              + " 10.0.0.7, or a network, such as 10.0.0.0/24 or fd00::/8");
    }
    // Java reads ::ffff:10.0.0.7 as an IPv4 address.
    boolean mapped = addressText.contains(":") && address.get().getAddress().length < IPV6_BYTES;
    int bitsMax = addressText.contains(":") ? IPV6_BYTES * Byte.SIZE : Integer.SIZE;
    int bits = slash < 0 ? bitsMax : bits(text, text.substring(slash + 1), mapped, bitsMax);
    Subnet subnet = new Subnet(address.get(), mapped ? bits - MAPPED_BITS : bits);
    if (!subnet.zerosBehindPrefix()) {
      throw new BadValue(
          "Invalid network '"
              + text
              + "' in a list of clients: the address has bits behind the first "
              + bits
              + "; write the network's own address, or leave '/"
              + bits
              + "' out for this address alone");
    }
    return subnet;
  }

  private static int bits(String text, String number, boolean mapped, int max) throws BadValue {
    int min = mapped ? MAPPED_BITS : 0;
    OptionalLong bits = Numbers.parse(number, min, max);
    if (bits.isEmpty()) {
      throw new BadValue(
          "Invalid network '"
              + text
              + "' in a list of clients: behind the slash must be a number between "
              + min
              + " and "
              + max);
    }
    return (int) bits.getAsLong();
  }

  private boolean zerosBehindPrefix() {
    byte[] bytes = network.getAddress();
    for (int bit = prefix; bit < bytes.length * Byte.SIZE; bit++) {
      if (bit(bytes, bit)) {
        return false;
      }
    }
    return true;
  }

  /// Whether an address belongs to it. An IPv4 address is the same however it is written.
  public boolean contains(InetAddress address) {
    byte[] own = network.getAddress();
    byte[] other = plain(address.getAddress());
    if (own.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      if (bit(own, bit) != bit(other, bit)) {
        return false;
      }
    }
    return true;
  }

  private static boolean bit(byte[] bytes, int bit) {
    return (bytes[bit / Byte.SIZE] >> (Byte.SIZE - 1 - bit % Byte.SIZE) & 1) != 0;
  }

  /// The four bytes of an IPv4 address that came as `::ffff:a.b.c.d`; others as they are.
  private static byte[] plain(byte[] bytes) {
    int ipv4 = MAPPED_BITS / Byte.SIZE;
    if (bytes.length != IPV6_BYTES || bytes[ipv4 - 1] != -1 || bytes[ipv4 - 2] != -1) {
      return bytes;
    }
    for (int i = 0; i < ipv4 - 2; i++) {
      if (bytes[i] != 0) {
        return bytes;
      }
    }
    return Arrays.copyOfRange(bytes, ipv4, IPV6_BYTES);
  }
}
