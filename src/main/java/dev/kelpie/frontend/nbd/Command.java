package dev.kelpie.frontend.nbd;

import java.util.List;

/// What a request asks for. The flag FUA is good with every command, as clients are known to send
/// it so.
enum Command {
  READ(0, Protocol.FUA | Protocol.DF),
  WRITE(1, Protocol.FUA | Protocol.PAYLOAD_LEN),
  DISC(2, Protocol.FUA),
  FLUSH(3, Protocol.FUA),
  TRIM(4, Protocol.FUA),
  CACHE(5, Protocol.FUA),
  WRITE_ZEROES(6, Protocol.FUA | Protocol.NO_HOLE | Protocol.FAST_ZERO),
  BLOCK_STATUS(7, Protocol.FUA | Protocol.REQ_ONE | Protocol.PAYLOAD_LEN),
  /// A type that this server does not know.
  UNKNOWN(-1, 0xffff);

  private static final List<Command> BY_TYPE =
      List.of(READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS);

  private final int type;
  private final int flags;

  Command(int type, int flags) {
    this.type = type;
    this.flags = flags;
  }

  /// The command of a type, as it stands in a request.
  static Command of(int type) {
    return type < BY_TYPE.size() ? BY_TYPE.get(type) : UNKNOWN;
  }

  /// Its number in a request.
  int type() {
    return type;
  }

  /// The flags that a request of this kind may carry, where everything was negotiated.
  int flags() {
    return flags;
  }

  /// Whether bytes of the disk go with it or with its reply.
  boolean hasPayload() {
    return this == READ || this == WRITE;
  }

  /// Whether it changes the disk.
  boolean writes() {
    return this == WRITE || this == TRIM || this == WRITE_ZEROES;
  }
}
