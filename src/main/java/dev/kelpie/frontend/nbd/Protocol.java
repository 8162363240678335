package dev.kelpie.frontend.nbd;

/// The fixed numbers of the protocol, named as in its document. All fields are big-endian.
final class Protocol {
  private Protocol() {}

  /// `NBDMAGIC`, the first word of the server.
  static final long NBD_MAGIC = 0x4e42444d41474943L;

  /// `IHAVEOPT`, before each option of the client.
  static final long OPTION_MAGIC = 0x49484156454f5054L;

  static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;

  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;
  static final int EXTENDED_REQUEST_MAGIC = 0x21e41c71;
  static final int EXTENDED_REPLY_MAGIC = 0x6e8a278c;

  // Handshake flags of the server, and the client's answers to them.
  static final int FIXED_NEWSTYLE = 1;
  static final int NO_ZEROES = 1 << 1;

  // Transmission flags.
  static final int HAS_FLAGS = 1;
  static final int READ_ONLY = 1 << 1;
  static final int SEND_FLUSH = 1 << 2;
  static final int SEND_FUA = 1 << 3;
  static final int SEND_TRIM = 1 << 5;
  static final int SEND_WRITE_ZEROES = 1 << 6;
  static final int SEND_DF = 1 << 7;
  static final int CAN_MULTI_CONN = 1 << 8;
  static final int SEND_CACHE = 1 << 10;
  static final int SEND_FAST_ZERO = 1 << 11;
  static final int BLOCK_STATUS_PAYLOAD = 1 << 12;

  // Command flags.
  static final int FUA = 1;
  static final int NO_HOLE = 1 << 1;
  static final int DF = 1 << 2;
  static final int REQ_ONE = 1 << 3;
  static final int FAST_ZERO = 1 << 4;
  static final int PAYLOAD_LEN = 1 << 5;

  // Information about an export.
  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // Structured replies: the flag and the types of chunks.
  static final int REPLY_FLAG_DONE = 1;
  static final int REPLY_NONE = 0;
  static final int REPLY_OFFSET_DATA = 1;
  static final int REPLY_OFFSET_HOLE = 2;
  static final int REPLY_BLOCK_STATUS = 5;
  static final int REPLY_BLOCK_STATUS_EXT = 6;
  static final int REPLY_ERROR = (1 << 15) + 1;

  // Flags of the metadata context base:allocation.
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 1 << 1;

  /// The size of an option before its data: magic, option, length.
  static final int OPTION_SIZE = 16;

  /// The size of a reply to an option before its data: magic, option, type, length.
  static final int OPTION_REPLY_SIZE = 20;

  /// The size of a simple reply before its payload: magic, error, cookie.
  static final int SIMPLE_REPLY_SIZE = 16;

  /// The most that a chunk has before its payload: magic, flags, type, cookie, offset of the
  /// request, length. Without extended headers there is no offset, and the length has 32 bits.
  static final int CHUNK_SIZE_MAX = 32;

  /// The longest string that the protocol allows, in bytes.
  static final int STRING_MAX = 4096;

  /// The smallest and the best size of a request, as told to clients.
  static final int BLOCK_SIZE_MIN = 1;

  static final int BLOCK_SIZE_PREFERRED = 4096;

  /// The longest read or write: the most that any client may count on (the protocol calls more than
  /// this a reason to disconnect).
  static final int PAYLOAD_MAX = 32 << 20;
}
