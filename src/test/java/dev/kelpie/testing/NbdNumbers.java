package dev.kelpie.testing;

/// The numbers of the NBD protocol, written down for the tests once more, so that a slip in the
/// server's own is seen.
public final class NbdNumbers {
  private NbdNumbers() {}

  public static final int FIXED_NEWSTYLE = 1;
  public static final int NO_ZEROES = 2;

  public static final int OPT_EXPORT_NAME = 1;
  public static final int OPT_ABORT = 2;
  public static final int OPT_LIST = 3;
  public static final int OPT_STARTTLS = 5;
  public static final int OPT_INFO = 6;
  public static final int OPT_GO = 7;
  public static final int OPT_STRUCTURED_REPLY = 8;
  public static final int OPT_LIST_META_CONTEXT = 9;
  public static final int OPT_SET_META_CONTEXT = 10;
  public static final int OPT_EXTENDED_HEADERS = 11;

  public static final int REP_ACK = 1;
  public static final int REP_SERVER = 2;
  public static final int REP_INFO = 3;
  public static final int REP_META_CONTEXT = 4;
  public static final int ERR_UNSUP = 0x80000001;
  public static final int ERR_POLICY = 0x80000002;
  public static final int ERR_INVALID = 0x80000003;
  public static final int ERR_TLS_REQD = 0x80000005;
  public static final int ERR_UNKNOWN = 0x80000006;
  public static final int ERR_SHUTDOWN = 0x80000007;
  public static final int ERR_TOO_BIG = 0x80000009;
  public static final int ERR_EXT_HEADER_REQD = 0x8000000a;

  public static final int READ = 0;
  public static final int WRITE = 1;
  public static final int DISC = 2;
  public static final int FLUSH = 3;
  public static final int TRIM = 4;
  public static final int CACHE = 5;
  public static final int WRITE_ZEROES = 6;
  public static final int BLOCK_STATUS = 7;

  public static final int FUA = 1;
  public static final int NO_HOLE = 2;
  public static final int DF = 4;
  public static final int REQ_ONE = 8;
  public static final int FAST_ZERO = 16;
  public static final int PAYLOAD_LEN = 32;

  public static final int EPERM = 1;
  public static final int EIO = 5;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int EOVERFLOW = 75;
  public static final int ENOTSUP = 95;
  public static final int ESHUTDOWN = 108;
}
