package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;

/// The request that a connection is looking at, before its payload. One object serves all requests
/// of a connection; [#keep] makes a lasting copy.
final class RequestHeader {
  private int magic;
  private int flags;
  private Command command = Command.UNKNOWN;
  private int type;
  private long cookie;
  private long offset;
  private long length;

  /// Takes the next header; [Protocol#REQUEST_SIZE] bytes are there.
  void decode(ByteBuffer in) {
    magic = in.getInt();
    flags = in.getShort() & 0xffff;
    type = in.getShort() & 0xffff;
    command = Command.of(type);
    cookie = in.getLong();
    offset = in.getLong();
    length = in.getInt() & 0xffff_ffffL;
  }

  int magic() {
    return magic;
  }

  int flags() {
    return flags;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  Command command() {
    return command;
  }

  /// The number of the command.
  int type() {
    return type;
  }

  long cookie() {
    return cookie;
  }

  /// Unsigned.
  long offset() {
    return offset;
  }

  /// Unsigned 32 bits.
  long length() {
    return length;
  }

  /// A copy that lasts.
  ///
  /// @param since when the header was read
  Request keep(long since) {
    return new Request(command, flags, cookie, offset, length, since);
  }
}
