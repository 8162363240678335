package dev.kelpie.tls;

import dev.kelpie.platform.Endpoint;

/// Who has to use TLS where it is offered.
///
/// @param required of clients that come over the network
public record TlsPolicy(TlsContext context, boolean required) {
  /// Whether a client at this end may not do without. On a Unix socket it may: no byte leaves the
  /// machine, and the file system decides who reaches the socket.
  public boolean requires(Endpoint peer) {
    return switch (peer) {
      case Endpoint.Tcp _ -> required;
      case Endpoint.Unix _ -> false;
    };
  }
}
