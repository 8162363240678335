package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PayloadSize;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The checks before every request, and their order (spec §1.5).
@Timeout(60)
final class AdmissionTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(1), 0);
  private static final Set<Opcode> SERVED =
      EnumSet.of(
          Opcode.CREATE_AND_WRITE_OBJ,
          Opcode.READ_OBJ,
          Opcode.WRITE_OBJ,
          Opcode.REMOVE_OBJ,
          Opcode.DISCARD_OBJ,
          Opcode.NEW_VDI,
          Opcode.LOCK_VDI,
          Opcode.RELEASE_VDI,
          Opcode.GET_VDI_INFO,
          Opcode.READ_VDIS,
          Opcode.FLUSH_VDI,
          Opcode.DEL_VDI,
          Opcode.GET_NODE_LIST,
          Opcode.MAKE_FS,
          Opcode.SHUTDOWN,
          Opcode.STAT_SHEEP,
          Opcode.STAT_CLUSTER,
          Opcode.GET_STORE_LIST,
          Opcode.FLUSH_DEL_CACHE,
          Opcode.KILL_NODE,
          Opcode.GET_VDI_COPIES,
          Opcode.DELETE_CACHE,
          Opcode.GET_CACHE_INFO,
          Opcode.CACHE_PURGE,
          Opcode.CACHE_SETTINGS,
          Opcode.CACHE_STATS,
          Opcode.CHECK_CACHE,
          Opcode.WARM_CACHE,
          Opcode.STAT,
          Opcode.EXIST,
          Opcode.CLUSTER_INFO,
          Opcode.GET_VDI_ATTR,
          Opcode.FORCE_RECOVER,
          Opcode.STAT_RECOVERY,
          Opcode.ENABLE_RECOVER,
          Opcode.DISABLE_RECOVER,
          Opcode.MD_INFO,
          Opcode.MD_PLUG,
          Opcode.MD_UNPLUG,
          Opcode.GET_HASH,
          Opcode.REWEIGHT,
          Opcode.GET_LOGLEVEL,
          Opcode.SET_LOGLEVEL,
          Opcode.ALTER_CLUSTER_COPY,
          Opcode.ALTER_VDI_COPY,
          Opcode.OIDS_EXIST,
          Opcode.GET_RECOVERY,
          Opcode.SET_RECOVERY);

  private final Rig rig;
  private final StrictClient client;

  AdmissionTest() throws IOException {
    rig = new Rig();
    client = rig.client();
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  @Test
  void theVersionIsCheckedFirst() throws IOException {
    rig.node.standing = NodeControl.Standing.KILLED;
    ask(0x02, 3).is(ResultCode.VER_MISMATCH);
    ask(0x7f, 3).is(ResultCode.VER_MISMATCH);
    ask(0x82, 0).is(ResultCode.VER_MISMATCH);
    ask(0x82, 10).is(ResultCode.VER_MISMATCH);
    ask(0xff, 2).is(ResultCode.VER_MISMATCH);
    for (int version = 0; version <= 2; version++) {
      ask(0x02, version).is(ResultCode.KILLED);
    }
    ask(0x82, 9).is(ResultCode.KILLED);
  }

  @Test
  void thenTheOpcode() throws IOException {
    rig.node.standing = NodeControl.Standing.KILLED;
    ask(0x7f, 0).is(ResultCode.INVALID_PARMS);
    ask(0x00, 0).is(ResultCode.INVALID_PARMS);
    ask(0xff, 9).is(ResultCode.INVALID_PARMS);
  }

  @Test
  void thenTheNode() throws IOException {
    rig.book.unformat();
    client.expectEpoch(0);
    rig.node.standing = NodeControl.Standing.KILLED;
    badLength(ResultCode.KILLED);
    rig.node.standing = NodeControl.Standing.SHUTTING_DOWN;
    badLength(ResultCode.SHUTDOWN);
    rig.node.standing = NodeControl.Standing.SERVING;
    badLength(ResultCode.WAIT_FOR_FORMAT);
    client.call(Opcode.GET_NODE_LIST, 0, 4096, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  @Test
  void thenTheLengths() throws IOException {
    rig.node.members = List.of();
    client.read(OBJECT, 0, 0, ObjectId.DATA_SIZE + 1).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.HALT);
  }

  /// Asks for more than an object has.
  private void badLength(ResultCode expected) throws IOException {
    client.read(OBJECT, 0, 0, ObjectId.DATA_SIZE + 1).is(expected);
  }

  @Test
  void beforeTheFormatOnlyEarlyOpcodesAreServed() throws IOException {
    rig.book.unformat();
    client.expectEpoch(0);
    for (Opcode opcode : SERVED) {
      if (!opcode.early()) {
        ask(opcode).is(ResultCode.WAIT_FOR_FORMAT);
      }
    }
    client.on(Opcode.EXIST, OBJECT).is(ResultCode.NO_OBJ);
    client.call(Opcode.READ_VDIS, 0, 2_097_152, RequestFields.NONE).is(ResultCode.SUCCESS);
    client.call(Opcode.GET_VDI_COPIES, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    client.call(Opcode.GET_STORE_LIST, 0, 4096, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  @Test
  void whatIsNotServedIsAnsweredAndTheStreamGoesOn() throws IOException {
    for (Opcode opcode : EnumSet.complementOf(EnumSet.copyOf(SERVED))) {
      boolean unknown =
          opcode.scope() == Opcode.Scope.NOWHERE || opcode == Opcode.GET_CLUSTER_DEFAULT;
      rightly(opcode).is(unknown ? ResultCode.INVALID_PARMS : ResultCode.NO_SUPPORT);
    }
    client.call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  /// Asks with lengths that the opcode allows.
  private StrictClient.Answer rightly(Opcode opcode) throws IOException {
    if (opcode.requestPayload().max() == 0) {
      return client.call(opcode, 0, smallest(opcode.replyPayload()), RequestFields.NONE);
    }
    byte[] payload = new byte[smallest(opcode.requestPayload())];
    int flags = opcode == Opcode.PEER_HELLO ? RequestFlags.PIGGYBACK : 0;
    return client.call(opcode, flags, RequestFields.NONE, payload);
  }

  private static int smallest(PayloadSize size) {
    return IntStream.rangeClosed(0, size.max()).filter(size::allows).findFirst().orElseThrow();
  }

  @Test
  void withoutANodeThatStoresNothingMoves() throws IOException {
    Member gateway = new Member(FakeNode.member(1).address(), 1, 0, 1, 0);
    rig.node.members = List.of(gateway);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.HALT);
    client.on(Opcode.REMOVE_OBJ, OBJECT).is(ResultCode.HALT);
    client.on(Opcode.FLUSH_VDI, OBJECT).is(ResultCode.SUCCESS);
    rig.node.members = List.of(gateway, FakeNode.member(2));
    client.read(OBJECT, 0, 0, 1).is(ResultCode.NO_OBJ);
  }

  @Test
  void aStrictClusterWritesOnlyWithAsManyZonesAsCopies() throws IOException {
    Format strict = new Format(7, 2, 0, ClusterFlags.STRICT, "plain");
    rig.book.format(strict, rig.node.members(), FakeNode.FORMATTED);
    client.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.HALT);
    client.write(OBJECT, 0, 0, (byte) 1).is(ResultCode.HALT);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.NO_OBJ);
    Member sameZone = new Member(FakeNode.member(1).address(), 1, 128, 7000, 0);
    rig.node.members = List.of(FakeNode.member(7000), sameZone);
    client.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.HALT);
    rig.node.members = List.of(FakeNode.member(7000), FakeNode.member(7001));
    client.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
  }

  private StrictClient.Answer ask(Opcode opcode) throws IOException {
    int flags = opcode.requestPayload().max() > 0 ? RequestFlags.WRITE : 0;
    int id = client.send(RequestHeader.of(opcode, flags, 0, RequestFields.NONE));
    return client.receive(id);
  }

  private StrictClient.Answer ask(int opcode, int version) throws IOException {
    int id = client.send(new RequestHeader(version, opcode, 0, 0, 0, 0, RequestFields.NONE));
    return client.receive(id);
  }
}
