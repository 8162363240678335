package dev.kelpie.frontend.nbd;

import java.util.Arrays;
import java.util.Optional;

/// What a client can ask for during the handshake.
enum Option {
  EXPORT_NAME(1),
  ABORT(2),
  LIST(3),
  STARTTLS(5),
  INFO(6),
  GO(7),
  STRUCTURED_REPLY(8),
  LIST_META_CONTEXT(9),
  SET_META_CONTEXT(10),
  EXTENDED_HEADERS(11);

  private final int number;

  Option(int number) {
    this.number = number;
  }

  /// The option of a number; empty for one that this server does not know.
  static Optional<Option> of(int number) {
    return Arrays.stream(values()).filter(option -> option.number == number).findAny();
  }

  int number() {
    return number;
  }

  /// The kinds of replies to options.
  enum Reply {
    ACK(1),
    SERVER(2),
    INFO(3),
    META_CONTEXT(4),
    ERR_UNSUP(Reply.ERROR + 1),
    ERR_POLICY(Reply.ERROR + 2),
    ERR_INVALID(Reply.ERROR + 3),
    ERR_TLS_REQD(Reply.ERROR + 5),
    ERR_UNKNOWN(Reply.ERROR + 6),
    ERR_SHUTDOWN(Reply.ERROR + 7),
    ERR_TOO_BIG(Reply.ERROR + 9),
    ERR_EXT_HEADER_REQD(Reply.ERROR + 10);

    private static final int ERROR = 1 << 31;

    private final int type;

    Reply(int type) {
      this.type = type;
    }

    int type() {
      return type;
    }
  }
}
