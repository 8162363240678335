package dev.kelpie.frontend.sheepdog;

import java.time.Duration;

/// The bounds of a [SheepdogServer] as a whole.
///
/// @param connectionsMax clients at one time. When there is one more, a client that has never sent
///   a whole request is turned out for it, and if there is none, the new one is turned away
/// @param payloadBytesMax of payloads and replies of all connections together; a multiple of 16 MiB
/// @param handshakeLimit how long a client's TLS handshake may take
public record SheepdogConfig(int connectionsMax, long payloadBytesMax, Duration handshakeLimit) {
  /// A gateway's clients are the disks of the virtual machines of one host, with up to 17
  /// connections each.
  private static final int CONNECTIONS = 4096;

  /// The largest request is 12 MiB; 16 reads of whole objects.
  private static final long PAYLOAD_BYTES = 64L << 20;

  /// Programs do it in milliseconds; this is for lines that lose packets.
  private static final Duration HANDSHAKE = Duration.ofMinutes(1);

  /// With the usual limit of time.
  public SheepdogConfig(int connectionsMax, long payloadBytesMax) {
    this(connectionsMax, payloadBytesMax, HANDSHAKE);
  }

  public SheepdogConfig {
    if (connectionsMax < 1) {
      throw new IllegalArgumentException("connections: " + connectionsMax);
    }
    if (payloadBytesMax < BufferPool.SEGMENT || payloadBytesMax % BufferPool.SEGMENT != 0) {
      throw new IllegalArgumentException(
          "memory for payloads is a multiple of 16 MiB, not " + payloadBytesMax);
    }
  }

  /// What is right for nearly everybody.
  public static SheepdogConfig defaults() {
    return new SheepdogConfig(CONNECTIONS, PAYLOAD_BYTES);
  }
}
