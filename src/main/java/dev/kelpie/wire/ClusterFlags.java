package dev.kelpie.wire;

/// The bits that a cluster is formatted with (spec §1.9).
public final class ClusterFlags {
  /// No writes with fewer zones than copies.
  public static final int STRICT = 0x01;

  /// Virtual nodes stand for disks, not for nodes.
  public static final int DISK_MODE = 0x02;

  /// From release 1.0: virtual nodes follow the space of a node.
  public static final int AUTO_VNODES = 0x04;

  /// LOCK_VDI really locks.
  public static final int USE_LOCK = 0x08;

  /// From release 1.0: ids of deleted VDIs are used again.
  public static final int RECYCLE_VID = 0x10;

  /// From release 1.0: keep off full disks.
  public static final int AVOID_DISKFULL = 0x20;

  private ClusterFlags() {}
}
