package dev.kelpie.peer;

/// What one node asks of another, as a frame's code and body (docs/peer-protocol.md).
sealed interface PeerRequest permits CopiesRequest, StoreRequest {
  /// The frame's code.
  int code();

  /// Writes the body.
  void encode(BodyWriter to);

  /// How many bytes of objects the answer brings at most.
  default int answerBytes() {
    return 0;
  }
}
