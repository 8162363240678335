package dev.kelpie.platform;

import java.net.InetAddress;
import java.nio.file.Path;

/// One end of a stream connection.
public sealed interface Endpoint {
  /// Whether the other end is on this machine.
  boolean local();

  /// An internet address and port; port 0 asks for a free one.
  record Tcp(InetAddress address, int port) implements Endpoint {
    @Override
    public boolean local() {
      return address.isLoopbackAddress();
    }

    @Override
    public String toString() {
      return address.getHostAddress() + ":" + port;
    }
  }

  /// A Unix stream socket.
  record Unix(Path path) implements Endpoint {
    @Override
    public boolean local() {
      return true;
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }
}
