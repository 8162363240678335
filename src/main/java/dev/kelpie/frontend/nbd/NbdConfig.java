package dev.kelpie.frontend.nbd;

import java.time.Duration;

/// What an operator may set.
///
/// @param connectionsMax how many clients may be connected; one more is turned away
/// @param handshakeLimit how long a client may take from connecting until it uses a disk
/// @param payloadBytesMax memory outside the heap for payloads and busy connections; the JVM's
///   limit for direct memory has to be larger
public record NbdConfig(int connectionsMax, Duration handshakeLimit, long payloadBytesMax) {
  /// As much as two of the largest requests, below which large requests could not run.
  private static final long PAYLOAD_BYTES_MIN = 2L * Protocol.PAYLOAD_MAX;

  /// A thousand clients, a minute (people type options into `nbdsh`), 256 MiB.
  public static final NbdConfig DEFAULT = new NbdConfig(1000, Duration.ofMinutes(1), 256L << 20);

  public NbdConfig {
    if (connectionsMax < 1) {
      throw new IllegalArgumentException("at least one connection is needed");
    }
    if (handshakeLimit.isNegative() || handshakeLimit.isZero()) {
      throw new IllegalArgumentException("the handshake needs some time");
    }
    if (payloadBytesMax < PAYLOAD_BYTES_MIN) {
      throw new IllegalArgumentException("payloads need at least " + PAYLOAD_BYTES_MIN + " bytes");
    }
  }
}
