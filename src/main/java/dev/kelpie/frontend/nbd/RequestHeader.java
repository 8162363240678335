package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.util.List;

/// The request that a connection is looking at, before its payload. One object serves all requests
/// of a connection; [#keep] makes a lasting copy.
final class RequestHeader implements Asked {
  private final Framing framing;
  private int magic;
  private int flags;
  private Command command = Command.UNKNOWN;
  private int type;
  private long cookie;
  private long offset;
  private long length;

  RequestHeader(Framing framing) {
    this.framing = framing;
  }

  /// Takes the next header; [Framing#requestSize] bytes are there.
  void decode(ByteBuffer in) {
    magic = in.getInt();
    flags = in.getShort() & 0xffff;
    type = in.getShort() & 0xffff;
    command = Command.of(type);
    cookie = in.getLong();
    offset = in.getLong();
    length = framing == Framing.EXTENDED ? in.getLong() : in.getInt() & 0xffff_ffffL;
  }

  /// Whether it is a request at all.
  boolean isRequest() {
    return magic == framing.requestMagic();
  }

  /// Whether it is a write with extended headers that does not say that its length is that of a
  /// payload. Then nobody knows whether there is one.
  boolean isAmbiguous() {
    return framing == Framing.EXTENDED
        && command == Command.WRITE
        && length != 0
        && !has(Protocol.PAYLOAD_LEN);
  }

  /// The length of the payload that comes behind the header; unsigned.
  long payload() {
    boolean follows =
        framing == Framing.EXTENDED ? has(Protocol.PAYLOAD_LEN) : command == Command.WRITE;
    return follows ? length : 0;
  }

  /// Whether a payload says what a block status is about, and not the header.
  boolean isFiltered() {
    return command == Command.BLOCK_STATUS && has(Protocol.PAYLOAD_LEN);
  }

  /// The payload of a filtered block status has said what it is about.
  void about(long effect) {
    length = effect;
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

  @Override
  public long cookie() {
    return cookie;
  }

  /// Unsigned.
  @Override
  public long offset() {
    return offset;
  }

  /// Unsigned.
  long length() {
    return length;
  }

  /// A copy that lasts.
  ///
  /// @param since when the header was read
  Request keep(long since) {
    return keep(List.of(), since);
  }

  /// A copy that lasts.
  ///
  /// @param contexts that it is to tell
  /// @param since when the header was read
  Request keep(List<MetaContext> contexts, long since) {
    return new Request(command, flags, cookie, offset, length, contexts, since);
  }
}
