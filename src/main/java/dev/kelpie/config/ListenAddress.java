package dev.kelpie.config;

import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Where a program listens, as an operator says it: `none`, `unix:PATH`, `ADDR`, `ADDR:PORT` or
/// `[ADDR]:PORT`.
public sealed interface ListenAddress {
  /// Nowhere.
  record None() implements ListenAddress {}

  /// On a Unix socket.
  record Unix(String path) implements ListenAddress {}

  /// On a TCP port.
  ///
  /// @param port empty for the default
  record Tcp(InetAddress address, OptionalInt port) implements ListenAddress {}

  /// Reads one; empty where the text is none.
  static Optional<ListenAddress> parse(String text) {
    if (text.equals("none")) {
      return Optional.of(new None());
    }
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      return path.isEmpty() ? Optional.empty() : Optional.of(new Unix(path));
    }
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      return end < 0 ? Optional.empty() : tcp(text.substring(1, end), text.substring(end + 1));
    }
    int colon = text.indexOf(':');
    boolean bareIpv6 = colon != text.lastIndexOf(':');
    return colon < 0 || bareIpv6
        ? tcp(text, "")
        : tcp(text.substring(0, colon), text.substring(colon));
  }

  /// Joins an address and a port that is empty or begins with a colon.
  private static Optional<ListenAddress> tcp(String address, String colonPort) {
    Optional<InetAddress> numeric = Addresses.numeric(address);
    if (colonPort.isEmpty()) {
      return numeric.map(a -> new Tcp(a, OptionalInt.empty()));
    }
    OptionalLong port =
        colonPort.startsWith(":") ? Numbers.port(colonPort.substring(1)) : OptionalLong.empty();
    return port.isEmpty()
        ? Optional.empty()
        : numeric.map(a -> new Tcp(a, OptionalInt.of((int) port.getAsLong())));
  }
}
