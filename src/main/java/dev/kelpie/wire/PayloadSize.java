package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;

/// How many bytes a payload may have.
public enum PayloadSize {
  /// None at all.
  NONE(0, 0),
  /// Any number; the sender has it in hand anyway.
  ANY(0, Integer.MAX_VALUE),
  /// A part of an object; the object's kind limits it further.
  OBJECT(0, ObjectId.INODE_SIZE),
  /// The name of a VDI.
  NAME(NameAndTag.NAME_SIZE, NameAndTag.NAME_SIZE),
  /// The name of a VDI, or its name and a tag.
  NAME_OR_TAG(NameAndTag.NAME_SIZE, NameAndTag.SIZE, NameAndTag.SIZE - NameAndTag.NAME_SIZE),
  /// Nothing that is looked at, but as much as a name and a tag.
  IGNORED(0, NameAndTag.SIZE),
  /// A text that ends at its first NUL.
  TEXT(0, 256),
  /// A list of disk paths, as many as [MdInfo] can show and as long.
  PATHS(0, 64 * 4096),
  /// Ids of objects.
  OBJECT_IDS(0, 4 << 20),
  /// A bit for every VDI.
  VDI_BITMAP(VdiId.COUNT / Byte.SIZE, VdiId.COUNT / Byte.SIZE),
  /// [Attribute].
  ATTRIBUTE(Attribute.SIZE, Attribute.SIZE),
  /// [Node].
  NODE(Node.SIZE, Node.SIZE),
  /// A number of 32 bits.
  NUMBER(Integer.BYTES, Integer.BYTES),
  /// Room for a number of 32 bits.
  NUMBER_ROOM(Integer.BYTES, Integer.MAX_VALUE),
  /// [MdInfo].
  DISK_LIST(MdInfo.SIZE, MdInfo.SIZE),
  /// [ObjectCacheInfo].
  CACHE_INFO(ObjectCacheInfo.SIZE, ObjectCacheInfo.SIZE),
  /// Room for [CacheCheck].
  CACHE_CHECK_ROOM(CacheCheck.SIZE, Integer.MAX_VALUE),
  /// Room for the head of [CacheStats], at least.
  CACHE_STATS_ROOM(CacheStats.HEADER_SIZE, Integer.MAX_VALUE),
  /// Room for [SheepStat].
  STAT_ROOM(SheepStat.SIZE, Integer.MAX_VALUE),
  /// Room for [RecoveryState].
  RECOVERY_STATE_ROOM(RecoveryState.SIZE, Integer.MAX_VALUE),
  /// [RecoveryThrottling].
  THROTTLING(RecoveryThrottling.SIZE, RecoveryThrottling.SIZE),
  /// Room for [RecoveryThrottling].
  THROTTLING_ROOM(RecoveryThrottling.SIZE, Integer.MAX_VALUE),
  /// [PeerHello].
  PEER_HELLO(PeerHello.SIZE, PeerHello.SIZE),
  /// [DiskCache], or nothing.
  DISK_CACHE(0, DiskCache.SIZE, DiskCache.SIZE);

  private final int min;
  private final int max;
  private final int step;

  PayloadSize(int min, int max) {
    this(min, max, 1);
  }

  PayloadSize(int min, int max, int step) {
    this.min = min;
    this.max = max;
    this.step = step;
  }

  /// The most bytes.
  public int max() {
    return max;
  }

  /// Whether this many bytes are right. Less than 0 stands for 2^31 and more, and is not.
  public boolean allows(int bytes) {
    return bytes >= min && bytes <= max && (bytes - min) % step == 0;
  }
}
