package dev.kelpie.wire;

/// The bits of a request's flags (spec §1.9). Any of them may come together.
public final class RequestFlags {
  /// A payload of `data_length` bytes follows the header.
  public static final int WRITE = 0x0001;

  /// CREATE_AND_WRITE_OBJ: what the payload leaves out comes from `cow_oid`.
  public static final int COW = 0x0002;

  /// Write-back through the object cache.
  public static final int CACHE = 0x0004;

  /// Past the object cache. With neither this nor [#CACHE]: through it, and on to the backend.
  public static final int DIRECT = 0x0008;

  /// Request and reply both carry a payload (OIDS_EXIST, PEER_HELLO).
  public static final int PIGGYBACK = 0x0010;

  /// From tgt: to be checked against the state of a shared lock.
  public static final int TGT = 0x0020;

  /// Between sheep: made by recovery, never parked.
  public static final int RECOVERY = 0x0080;

  /// Between sheep: read whatever version is there.
  public static final int WILDCARD = 0x0100;

  /// GET_VDI_ATTR: create the attribute.
  public static final int ATTR_CREATE = 0x0100;

  /// GET_VDI_ATTR: fail where it exists.
  public static final int ATTR_EXCLUSIVE = 0x0200;

  /// GET_VDI_ATTR: delete it.
  public static final int ATTR_DELETE = 0x0400;

  /// Kelpie's own, on CHECK_CACHE: compare with the store, too.
  public static final int DEEP = 0x2000;

  /// Kelpie's own, on DELETE_CACHE and CACHE_PURGE: drop what cannot be pushed.
  public static final int FORCE = 0x4000;

  private RequestFlags() {}
}
