package dev.kelpie.peer;

import java.time.Duration;

/// The limits of requests between nodes.
///
/// @param connect how long it may take until a connection can be used
/// @param copies how long a holder may take for one object
/// @param survey how long a holder may take for all objects of a slot, or to make everything
///   durable
/// @param store how long a primary may take for one object; it may have to wait for a holder that
///   does not answer, and then make copies equal
/// @param barrier how long a node may take for all objects of a VDI
/// @param memory how many bytes of requests and answers a node keeps at a time, for each purpose
public record PeerConfig(
    Duration connect,
    Duration copies,
    Duration survey,
    Duration store,
    Duration barrier,
    long memory) {
  /// What is right for nearly everybody.
  public static final PeerConfig DEFAULT =
      new PeerConfig(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMinutes(1),
          Duration.ofSeconds(20),
          Duration.ofSeconds(30),
          64L << 20);

  public PeerConfig {
    if (memory < 2L * Frame.BODY_MAX) {
      throw new IllegalArgumentException(
          "memory for less than a request and an answer of " + Frame.BODY_MAX + " bytes each");
    }
  }
}
