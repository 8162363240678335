package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;

/// The keys of this room's coordination records.
final class Keys {
  /// `vdi/<6 hex digits>`: a [VdiRecord]. There until the last object of a deleted VDI is gone.
  static final String VDI = "vdi/";

  /// `lease/<6 hex digits>`: a [LeaseRecord].
  static final String LEASE = "lease/";

  /// `lease-wanted/<6 hex digits>`: another node wants the lease ([LeaseWish]).
  static final String WANTED = "lease-wanted/";

  /// `lease-taken/<node>`, empty: changed whenever a lease was taken from that node, which was
  /// taken for dead.
  static final String TAKEN = "lease-taken/";

  /// `lock/<6 hex digits>`: a [LockRecord].
  static final String LOCK = "lock/";

  /// `vdi-behind/<6 hex digits>`, empty: the inode's fields may still have to follow the record.
  static final String BEHIND = "vdi-behind/";

  /// `vdi-used/<3 hex digits>`: a bitmap of 4096 ids, lowest bit first, that belonged to VDIs of
  /// which nothing is left. Ids are never used again.
  static final String USED = "vdi-used/";

  /// A [ChangeLog]: changed by every commit that changes one of the above.
  static final String CHANGES = "vdi-changes";

  /// How many ids a [#USED] record tells of.
  static final int USED_IDS = 1 << 12;

  private static final int HEX = 16;

  private Keys() {}

  static String vdi(VdiId vdi) {
    return VDI + hex(vdi);
  }

  static String lease(VdiId vdi) {
    return LEASE + hex(vdi);
  }

  static String wanted(VdiId vdi) {
    return WANTED + hex(vdi);
  }

  static String lock(VdiId vdi) {
    return LOCK + hex(vdi);
  }

  static String behind(VdiId vdi) {
    return BEHIND + hex(vdi);
  }

  static String used(VdiId vdi) {
    return USED + String.format("%03x", usedChunk(vdi));
  }

  static int usedChunk(VdiId vdi) {
    return vdi.value() / USED_IDS;
  }

  /// The id at the end of a key.
  static VdiId vdiOf(String key) {
    return new VdiId(Integer.parseInt(key.substring(key.indexOf('/') + 1), HEX));
  }

  /// The number of the chunk that a [#USED] record is about.
  static int chunkOf(String key) {
    return Integer.parseInt(key.substring(USED.length()), HEX);
  }

  private static String hex(VdiId vdi) {
    return String.format("%06x", vdi.value());
  }
}
