package dev.kelpie.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.OptionalLong;

/// Internet addresses in numbers.
public final class Addresses {
  private static final int IPV4_BYTES = 4;

  private Addresses() {}

  /// Reads `127.0.0.1` or `::1`; never asks a name server.
  public static Optional<InetAddress> numeric(String text) {
    return text.indexOf(':') >= 0 ? ipv6(text) : ipv4(text);
  }

  private static Optional<InetAddress> ipv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != IPV4_BYTES) {
      return Optional.empty();
    }
    byte[] bytes = new byte[IPV4_BYTES];
    for (int i = 0; i < IPV4_BYTES; i++) {
      OptionalLong part =
          parts[i].length() > 3 ? OptionalLong.empty() : Numbers.parse(parts[i], 0, 255);
      if (part.isEmpty()) {
        return Optional.empty();
      }
      bytes[i] = (byte) part.getAsLong();
    }
    try {
      return Optional.of(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  private static Optional<InetAddress> ipv6(String text) {
    if (!text.chars().allMatch(c -> c == ':' || c == '.' || Character.digit(c, 16) >= 0)) {
      return Optional.empty(); // no brackets, no scope
    }
    try {
      return Optional.of(Inet6Address.ofLiteral(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
