package dev.kelpie.frontend.nbd;

import java.io.IOException;

/// The client broke the protocol in a way after which its bytes make no sense, or asks for too
/// much: the connection has to be cut.
final class Violation extends IOException {
  private static final long serialVersionUID = 1;

  /// Says what it did.
  Violation(String message) {
    super(message);
  }
}
