package dev.kelpie.wire;

import static dev.kelpie.wire.Opcode.Scope.CLUSTER;
import static dev.kelpie.wire.Opcode.Scope.GATEWAY;
import static dev.kelpie.wire.Opcode.Scope.LOCAL;
import static dev.kelpie.wire.Opcode.Scope.NOWHERE;
import static dev.kelpie.wire.Opcode.Scope.PEER;
import static dev.kelpie.wire.PayloadSize.ANY;
import static dev.kelpie.wire.PayloadSize.ATTRIBUTE;
import static dev.kelpie.wire.PayloadSize.CACHE_CHECK_ROOM;
import static dev.kelpie.wire.PayloadSize.CACHE_INFO;
import static dev.kelpie.wire.PayloadSize.CACHE_STATS_ROOM;
import static dev.kelpie.wire.PayloadSize.DISK_CACHE;
import static dev.kelpie.wire.PayloadSize.DISK_LIST;
import static dev.kelpie.wire.PayloadSize.IGNORED;
import static dev.kelpie.wire.PayloadSize.NAME;
import static dev.kelpie.wire.PayloadSize.NAME_OR_TAG;
import static dev.kelpie.wire.PayloadSize.NONE;
import static dev.kelpie.wire.PayloadSize.NUMBER;
import static dev.kelpie.wire.PayloadSize.NUMBER_ROOM;
import static dev.kelpie.wire.PayloadSize.OBJECT;
import static dev.kelpie.wire.PayloadSize.OBJECT_IDS;
import static dev.kelpie.wire.PayloadSize.PATHS;
import static dev.kelpie.wire.PayloadSize.RECOVERY_STATE_ROOM;
import static dev.kelpie.wire.PayloadSize.STAT_ROOM;
import static dev.kelpie.wire.PayloadSize.TEXT;
import static dev.kelpie.wire.PayloadSize.THROTTLING;
import static dev.kelpie.wire.PayloadSize.THROTTLING_ROOM;
import static dev.kelpie.wire.PayloadSize.VDI_BITMAP;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Every opcode of the protocol (spec §1.6). The names are the field's own.
public enum Opcode {
  CREATE_AND_WRITE_OBJ(0x01, GATEWAY, Form.OBJECT, OBJECT, NONE),
  READ_OBJ(0x02, GATEWAY, Form.OBJECT, NONE, OBJECT),
  WRITE_OBJ(0x03, GATEWAY, Form.OBJECT, OBJECT, NONE),
  REMOVE_OBJ(0x04, GATEWAY, Form.OBJECT, NONE, NONE),
  DISCARD_OBJ(0x05, LOCAL, Form.OBJECT, NONE, NONE),
  NEW_VDI(0x11, CLUSTER, Form.VDI, NAME, NONE),
  LOCK_VDI(0x12, CLUSTER, Form.VDI, NAME_OR_TAG, NONE),
  /// The payload is ignored; QEMU sends the name with its NUL, tgt nothing.
  RELEASE_VDI(0x13, CLUSTER, Form.VDI, IGNORED, NONE),
  GET_VDI_INFO(0x14, CLUSTER, Form.VDI, NAME_OR_TAG, NONE),
  READ_VDIS(0x15, LOCAL, Form.VDI, NONE, VDI_BITMAP, Early.YES),
  FLUSH_VDI(0x16, LOCAL, Form.OBJECT, NONE, NONE),
  DEL_VDI(0x17, CLUSTER, Form.VDI, NAME_OR_TAG, NONE),
  /// From release 1.0; 0.9 answers [ResultCode#INVALID_PARMS].
  GET_CLUSTER_DEFAULT(0x18, LOCAL, Form.CLUSTER_DEFAULT, NONE, NONE, Early.YES),

  GET_NODE_LIST(0x82, LOCAL, Form.NODE, NONE, ANY, Early.YES),
  MAKE_FS(0x84, CLUSTER, Form.CLUSTER, TEXT, NONE, Early.YES),
  SHUTDOWN(0x85, CLUSTER, Form.CLUSTER, NONE, NONE, Early.YES),
  STAT_SHEEP(0x86, LOCAL, Form.NODE, NONE, NONE),
  STAT_CLUSTER(0x87, LOCAL, Form.CLUSTER, NONE, ANY, Early.YES),
  GET_VDI_ATTR(0x89, CLUSTER, Form.VDI, ATTRIBUTE, NONE),
  FORCE_RECOVER(0x8a, CLUSTER, Form.CLUSTER, NONE, ANY, Early.YES),
  GET_STORE_LIST(0x90, LOCAL, Form.NONE, NONE, ANY, Early.YES),
  /// Release 0.4 only, as the next two.
  SNAPSHOT(0x91, NOWHERE, Form.NONE, NONE, NONE),
  RESTORE(0x92, NOWHERE, Form.NONE, NONE, NONE),
  GET_SNAP_FILE(0x93, NOWHERE, Form.NONE, NONE, NONE),
  CLEANUP(0x94, CLUSTER, Form.NONE, NONE, NONE, Early.YES),
  TRACE_STATUS(0x95, LOCAL, Form.NONE, NONE, ANY, Early.YES),
  TRACE_READ_BUF(0x96, LOCAL, Form.NONE, NONE, ANY, Early.YES),
  STAT_RECOVERY(0x97, LOCAL, Form.NONE, NONE, RECOVERY_STATE_ROOM),
  FLUSH_DEL_CACHE(0x98, LOCAL, Form.OBJECT, NONE, NONE),
  NOTIFY_VDI_DEL(0x99, CLUSTER, Form.NONE, NUMBER, NONE, Early.YES),
  KILL_NODE(0x9a, LOCAL, Form.NONE, NONE, NONE, Early.YES),
  TRACE_ENABLE(0x9b, LOCAL, Form.NONE, TEXT, NONE, Early.YES),
  TRACE_DISABLE(0x9c, LOCAL, Form.NONE, TEXT, NONE, Early.YES),
  GET_OBJ_LIST(0xa1, LOCAL, Form.OBJECT, NONE, ANY),
  GET_EPOCH(0xa2, LOCAL, Form.OBJECT, NONE, ANY),
  CREATE_AND_WRITE_PEER(0xa3, PEER, Form.OBJECT, OBJECT, NONE),
  READ_PEER(0xa4, PEER, Form.OBJECT, NONE, OBJECT),
  WRITE_PEER(0xa5, PEER, Form.OBJECT, OBJECT, NONE),
  REMOVE_PEER(0xa6, PEER, Form.OBJECT, NONE, NONE),
  /// Gone before 0.9.
  SET_CACHE_SIZE(0xa7, NOWHERE, Form.NONE, NONE, NONE),
  ENABLE_RECOVER(0xa8, CLUSTER, Form.NONE, NONE, NONE),
  DISABLE_RECOVER(0xa9, CLUSTER, Form.NONE, NONE, NONE),
  GET_VDI_COPIES(0xab, LOCAL, Form.NONE, NONE, ANY, Early.YES),
  COMPLETE_RECOVERY(0xac, CLUSTER, Form.OBJECT, PayloadSize.NODE, NONE, Early.YES),
  /// Release 0.5 only, as the next.
  FLUSH_NODES(0xad, NOWHERE, Form.NONE, NONE, NONE),
  FLUSH_PEER(0xae, NOWHERE, Form.NONE, NONE, NONE),
  NOTIFY_VDI_ADD(0xaf, CLUSTER, Form.VDI_STATE, NONE, NONE, Early.YES),
  DELETE_CACHE(0xb0, CLUSTER, Form.OBJECT, NONE, NONE),
  MD_INFO(0xb1, LOCAL, Form.NONE, NONE, DISK_LIST),
  MD_PLUG(0xb2, LOCAL, Form.NONE, PATHS, NONE),
  MD_UNPLUG(0xb3, LOCAL, Form.NONE, PATHS, NONE),
  GET_HASH(0xb4, LOCAL, Form.HASH, NONE, NONE),
  REWEIGHT(0xb5, CLUSTER, Form.CLUSTER, NONE, NONE),
  GET_CACHE_INFO(0xb6, LOCAL, Form.NONE, NONE, CACHE_INFO),
  /// With flag WRITE (and no payload) for one VDI, without for every one.
  CACHE_PURGE(0xb7, LOCAL, Form.OBJECT, NONE, NONE),
  STAT(0xb8, LOCAL, Form.NONE, NONE, STAT_ROOM),
  GET_LOGLEVEL(0xb9, LOCAL, Form.NONE, NONE, NUMBER_ROOM, Early.YES),
  SET_LOGLEVEL(0xba, LOCAL, Form.NONE, NUMBER, NONE, Early.YES),
  NFS_CREATE(0xbb, LOCAL, Form.NONE, TEXT, NONE),
  NFS_DELETE(0xbc, LOCAL, Form.NONE, TEXT, NONE),
  EXIST(0xbd, LOCAL, Form.OBJECT, NONE, NONE, Early.YES),
  CLUSTER_INFO(0xbe, LOCAL, Form.NONE, NONE, ANY, Early.YES),
  ALTER_CLUSTER_COPY(0xbf, CLUSTER, Form.CLUSTER, NONE, NONE),
  ALTER_VDI_COPY(0xc0, CLUSTER, Form.VDI_STATE, NONE, NONE),
  DECREF_OBJ(0xc1, GATEWAY, Form.REFERENCE, NONE, NONE),
  DECREF_PEER(0xc2, PEER, Form.REFERENCE, NONE, NONE),
  PREVENT_INODE_UPDATE(0xc3, LOCAL, Form.NONE, NONE, NONE),
  ALLOW_INODE_UPDATE(0xc4, LOCAL, Form.NONE, NONE, NONE),
  REPAIR_REPLICA(0xc5, LOCAL, Form.FORWARD, NONE, NONE),
  /// Answers with the ids that are missing, beside [ResultCode#NO_OBJ].
  OIDS_EXIST(0xc6, LOCAL, Form.NONE, OBJECT_IDS, ANY, Early.YES),
  VDI_STATE_SNAPSHOT_CTL(0xc7, LOCAL, Form.CHECKPOINT, NONE, ANY),
  INODE_COHERENCE(0xc8, CLUSTER, Form.COHERENCE, NONE, NONE),
  /// From release 1.0.
  READ_DEL_VDIS(0xc9, NOWHERE, Form.NONE, NONE, VDI_BITMAP, Early.YES),
  GET_RECOVERY(0xca, LOCAL, Form.NONE, NONE, THROTTLING_ROOM, Early.YES),
  SET_RECOVERY(0xcb, LOCAL, Form.NONE, THROTTLING, NONE, Early.YES),
  /// From release 1.0, as the next.
  SET_VNODES(0xcc, NOWHERE, Form.NONE, NONE, NONE),
  GET_VNODES(0xcd, NOWHERE, Form.NONE, NONE, NONE),

  /// Kelpie's own, as all from 0xe0 on: with flag WRITE changes how a disk uses the object cache,
  /// without tells it (docs/protocol.md).
  CACHE_SETTINGS(0xe0, CLUSTER, Form.OBJECT, DISK_CACHE, ANY),
  CACHE_STATS(0xe4, LOCAL, Form.NONE, NONE, CACHE_STATS_ROOM),
  /// Of the VDI of an object id, or of all where that is 0; the offset says where to go on.
  CHECK_CACHE(0xe5, LOCAL, Form.OBJECT, NONE, CACHE_CHECK_ROOM),
  /// Brings a part of a data object into the cache.
  WARM_CACHE(0xe8, LOCAL, Form.RANGE, NONE, NONE),
  /// Goes on in the protocol between nodes (docs/peer-protocol.md).
  PEER_HELLO(0xe9, LOCAL, Form.NONE, PayloadSize.PEER_HELLO, PayloadSize.PEER_HELLO);

  private static final List<Optional<Opcode>> BY_NUMBER = byNumber();

  /// Who carries out a request.
  public enum Scope {
    /// The sheep that was asked, by asking those that hold the object.
    GATEWAY,
    /// A holder, on its own disks.
    PEER,
    /// The sheep that was asked, for itself.
    LOCAL,
    /// All sheep, one such request after the other.
    CLUSTER,
    /// Nobody in release 0.9: [ResultCode#INVALID_PARMS].
    NOWHERE
  }

  /// Which of their variants the 32 variable bytes of request and response headers have.
  enum Form {
    OBJECT,
    VDI,
    CLUSTER,
    NODE,
    CLUSTER_DEFAULT,
    VDI_STATE,
    REFERENCE,
    FORWARD,
    CHECKPOINT,
    COHERENCE,
    RANGE,
    HASH,
    NONE
  }

  private enum Early {
    YES,
    NO
  }

  private final int number;
  private final Scope scope;
  private final Form form;
  private final PayloadSize request;
  private final PayloadSize reply;
  private final Early early;

  Opcode(int number, Scope scope, Form form, PayloadSize request, PayloadSize reply) {
    this(number, scope, form, request, reply, Early.NO);
  }

  Opcode(int number, Scope scope, Form form, PayloadSize request, PayloadSize reply, Early early) {
    this.number = number;
    this.scope = scope;
    this.form = form;
    this.request = request;
    this.reply = reply;
    this.early = early;
  }

  /// The opcode of a number from 0 to 255; empty for one that no release has.
  public static Optional<Opcode> of(int number) {
    return BY_NUMBER.get(number);
  }

  /// The byte in the header.
  public int number() {
    return number;
  }

  /// Who carries it out.
  public Scope scope() {
    return scope;
  }

  /// Whether it is carried out before the cluster is formatted, and while it waits for members.
  public boolean early() {
    return early == Early.YES;
  }

  /// The payload that a request with flag WRITE carries; [PayloadSize#OBJECT] is limited further by
  /// the size of the object.
  public PayloadSize requestPayload() {
    return request;
  }

  /// The room for a reply that a request without flag WRITE must offer.
  public PayloadSize replyPayload() {
    return reply;
  }

  /// Whether a request without flag WRITE is a broken stream: data may follow that nobody announced
  /// (spec §6 item 8).
  boolean alwaysWrites() {
    return request == OBJECT;
  }

  Form form() {
    return form;
  }

  private static List<Optional<Opcode>> byNumber() {
    List<Optional<Opcode>> all = new ArrayList<>(Collections.nCopies(256, Optional.empty()));
    for (Opcode opcode : values()) {
      all.set(opcode.number, Optional.of(opcode));
    }
    return List.copyOf(all);
  }
}
