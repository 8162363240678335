package dev.kelpie.frontend.nbd;

/// How requests and replies look in the transmission phase; the client chooses during the
/// handshake.
enum Framing {
  /// Requests of 28 bytes, simple replies.
  SIMPLE(28, Protocol.REQUEST_MAGIC),
  /// Replies in chunks where they carry data or an error.
  STRUCTURED(28, Protocol.REQUEST_MAGIC),
  /// Requests and replies with headers of 32 bytes and lengths of 64 bits; all replies in chunks.
  EXTENDED(32, Protocol.EXTENDED_REQUEST_MAGIC);

  private final int requestSize;
  private final int requestMagic;

  Framing(int requestSize, int requestMagic) {
    this.requestSize = requestSize;
    this.requestMagic = requestMagic;
  }

  /// The size of a request before its payload: magic, flags, type, cookie, offset, length.
  int requestSize() {
    return requestSize;
  }

  /// The first word of a request.
  int requestMagic() {
    return requestMagic;
  }

  /// Whether replies come in chunks.
  boolean chunks() {
    return this != SIMPLE;
  }
}
