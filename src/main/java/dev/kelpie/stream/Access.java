package dev.kelpie.stream;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.tls.TlsPolicy;
import java.util.Optional;
import java.util.function.Predicate;

/// Who may use a server, and how their bytes are protected.
///
/// @param admitted whether a client at this end may connect; one that may not is cut off before a
///   byte is read
/// @param tls empty where it is not offered
public record Access(Predicate<Endpoint> admitted, Optional<TlsPolicy> tls) {
  /// Everybody who can reach the server, in plain bytes.
  public static final Access OPEN = new Access(_ -> true, Optional.empty());

  /// Whether a client at this end has to use TLS.
  public boolean requiresTls(Endpoint peer) {
    return tls.isPresent() && tls.get().requires(peer);
  }
}
