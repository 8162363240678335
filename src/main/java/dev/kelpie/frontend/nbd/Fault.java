package dev.kelpie.frontend.nbd;

/// Why a request failed, as the client is told.
///
/// @param text names the thing, the reason and the way out, for the client's user
record Fault(NbdError error, String text) {
  /// The server is being drained.
  static final Fault SHUTDOWN = new Fault(NbdError.ESHUTDOWN, "the server is shutting down");

  /// The server is wrong; what happened is in its log.
  static final Fault BUG = new Fault(NbdError.EIO, "internal error, see the log of sheep");
}
