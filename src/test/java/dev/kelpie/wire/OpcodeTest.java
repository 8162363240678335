package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OpcodeTest {
  /// Number, name, class (G, P, L, C; - for nobody in 0.9) and F where allowed before format.
  private static final String TABLE =
      """
      01 CREATE_AND_WRITE_OBJ G
      02 READ_OBJ G
      03 WRITE_OBJ G
      04 REMOVE_OBJ G
      05 DISCARD_OBJ L
      11 NEW_VDI C
      12 LOCK_VDI C
      13 RELEASE_VDI C
      14 GET_VDI_INFO C
      15 READ_VDIS L F
      16 FLUSH_VDI L
      17 DEL_VDI C
      18 GET_CLUSTER_DEFAULT L F
      82 GET_NODE_LIST L F
      84 MAKE_FS C F
      85 SHUTDOWN C F
      86 STAT_SHEEP L
      87 STAT_CLUSTER L F
      89 GET_VDI_ATTR C
      8a FORCE_RECOVER C F
      90 GET_STORE_LIST L F
      91 SNAPSHOT -
      92 RESTORE -
      93 GET_SNAP_FILE -
      94 CLEANUP C F
      95 TRACE_STATUS L F
      96 TRACE_READ_BUF L F
      97 STAT_RECOVERY L
      98 FLUSH_DEL_CACHE L
      99 NOTIFY_VDI_DEL C F
      9a KILL_NODE L F
      9b TRACE_ENABLE L F
      9c TRACE_DISABLE L F
      a1 GET_OBJ_LIST L
      a2 GET_EPOCH L
      a3 CREATE_AND_WRITE_PEER P
      a4 READ_PEER P
      a5 WRITE_PEER P
      a6 REMOVE_PEER P
      a7 SET_CACHE_SIZE -
      a8 ENABLE_RECOVER C
      a9 DISABLE_RECOVER C
      ab GET_VDI_COPIES L F
      ac COMPLETE_RECOVERY C F
      ad FLUSH_NODES -
      ae FLUSH_PEER -
      af NOTIFY_VDI_ADD C F
      b0 DELETE_CACHE C
      b1 MD_INFO L
      b2 MD_PLUG L
      b3 MD_UNPLUG L
      b4 GET_HASH L
      b5 REWEIGHT C
      b6 GET_CACHE_INFO L
      b7 CACHE_PURGE L
      b8 STAT L
      b9 GET_LOGLEVEL L F
      ba SET_LOGLEVEL L F
      bb NFS_CREATE L
      bc NFS_DELETE L
      bd EXIST L F
      be CLUSTER_INFO L F
      bf ALTER_CLUSTER_COPY C
      c0 ALTER_VDI_COPY C
      c1 DECREF_OBJ G
      c2 DECREF_PEER P
      c3 PREVENT_INODE_UPDATE L
      c4 ALLOW_INODE_UPDATE L
      c5 REPAIR_REPLICA L
      c6 OIDS_EXIST L F
      c7 VDI_STATE_SNAPSHOT_CTL L
      c8 INODE_COHERENCE C
      c9 READ_DEL_VDIS - F
      ca GET_RECOVERY L F
      cb SET_RECOVERY L F
      cc SET_VNODES -
      cd GET_VNODES -
      e0 CACHE_SETTINGS C
      e4 CACHE_STATS L
      e5 CHECK_CACHE L
      e8 WARM_CACHE L
      e9 PEER_HELLO L
      """;

  @Test
  void theTableIsThatOfTheSpec() {
    List<String> lines = new ArrayList<>();
    for (Opcode opcode : Opcode.values()) {
      String scope =
          switch (opcode.scope()) {
            case GATEWAY -> "G";
            case PEER -> "P";
            case LOCAL -> "L";
            case CLUSTER -> "C";
            case NOWHERE -> "-";
          };
      lines.add(
          "%02x %s %s%s"
              .formatted(opcode.number(), opcode.name(), scope, opcode.early() ? " F" : ""));
    }
    assertEquals(TABLE, String.join("\n", lines) + "\n");
  }

  @Test
  void everyNumberIsFoundOrUnknown() {
    for (Opcode opcode : Opcode.values()) {
      assertEquals(opcode, Opcode.of(opcode.number()).orElseThrow());
    }
    assertTrue(Opcode.of(0).isEmpty());
    assertTrue(Opcode.of(0x81).isEmpty());
    assertTrue(Opcode.of(0xff).isEmpty());
  }

  @Test
  void flagsAndClusterFlagsHaveTheirBits() {
    assertEquals(
        0x27, RequestFlags.WRITE | RequestFlags.COW | RequestFlags.CACHE | RequestFlags.TGT);
    assertEquals(0x98, RequestFlags.DIRECT | RequestFlags.PIGGYBACK | RequestFlags.RECOVERY);
    assertEquals(0x100, RequestFlags.WILDCARD);
    assertEquals(
        0x700, RequestFlags.ATTR_CREATE | RequestFlags.ATTR_EXCLUSIVE | RequestFlags.ATTR_DELETE);
    assertEquals(0x4000, RequestFlags.FORCE);
    assertEquals(0x2000, RequestFlags.DEEP);
    assertEquals(
        0x3f,
        ClusterFlags.STRICT
            | ClusterFlags.DISK_MODE
            | ClusterFlags.AUTO_VNODES
            | ClusterFlags.USE_LOCK
            | ClusterFlags.RECYCLE_VID
            | ClusterFlags.AVOID_DISKFULL);
  }
}
