package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Format;
import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiAttributes;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests of operators about attributes, locks, copies, recovery, disks and the log.
@Timeout(60)
final class OperatorRequestsTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId DATA = ObjectId.data(VDI, 1);

  private final Rig rig;
  private final StrictClient client;

  OperatorRequestsTest() throws IOException {
    rig = new Rig();
    client = rig.client();
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  // Attributes.

  @Test
  void theFlagsSayWhatIsWantedOfAnAttribute() throws IOException {
    Answer found = attribute("vm1", 0);
    found.is(ResultCode.SUCCESS);
    assertEquals(new ResponseFields.Vdi(7, 0x1234, 0, 0), found.header().fields());
    attribute("vm1", RequestFlags.ATTR_CREATE).is(ResultCode.SUCCESS);
    attribute("vm1", RequestFlags.ATTR_CREATE | RequestFlags.ATTR_EXCLUSIVE).is(ResultCode.SUCCESS);
    attribute("vm1", RequestFlags.ATTR_DELETE).is(ResultCode.SUCCESS);
    attribute("", 0).is(ResultCode.INVALID_PARMS);
    assertEquals(
        List.of(
            "find vm1 [tag] 3 key 2",
            "put vm1 [tag] 3 key 2",
            "put new vm1 [tag] 3 key 2",
            "remove vm1 [tag] 3 key 2"),
        rig.vdis.attributes.asked);
  }

  @Test
  void everyAnswerAboutAnAttributeHasItsResult() throws IOException {
    rig.vdis.attributes.answer = new VdiAttributes.Answer.Absent();
    attribute("vm1", 0).is(ResultCode.NO_OBJ);
    rig.vdis.attributes.answer = new VdiAttributes.Answer.Exists();
    attribute("vm1", 0).is(ResultCode.VDI_EXIST);
    rig.vdis.attributes.answer = new VdiAttributes.Answer.NoSpace();
    attribute("vm1", 0).is(ResultCode.NO_SPACE);
    rig.vdis.attributes.answer = new VdiAttributes.Answer.NoVdi(VdiAnswer.Reason.NO_VDI);
    attribute("vm1", 0).is(ResultCode.NO_VDI);
  }

  private Answer attribute(String name, int flags) throws IOException {
    ByteBuffer payload = StrictClient.buffer(Attribute.SIZE);
    new Attribute(name, "tag", 0, 3, "key", new byte[2]).encode(payload);
    return client.call(Opcode.GET_VDI_ATTR, flags, RequestFields.Vdi.lookup(0), bytes(payload));
  }

  // Locks.

  @Test
  void aClusterWithLocksTakesOneWithEachOpen() throws IOException {
    useLocks();
    lock(0).is(ResultCode.SUCCESS);
    lock(1).is(ResultCode.SUCCESS);
    assertEquals(List.of("lock vm1 [] 0 NORMAL", "lock vm1 [] 0 SHARED"), rig.vdis.asked);
    assertEquals(List.of(VDI, VDI), rig.objects.openedVdis());
    String line = "node: IPv4 ip:127.0.0.1 port:7000 is locking VDI (type: shared): 7";
    assertTrue(rig.log.messages(Level.INFO).contains(line), rig.log.messages(Level.INFO)::toString);
    rig.vdis.answer = new VdiAnswer.Refused(VdiAnswer.Reason.VDI_LOCKED);
    lock(0).is(ResultCode.VDI_LOCKED);
    assertEquals(2, rig.objects.openedVdis().size());
  }

  @Test
  void aReleaseUnlocksWhoeverAsks() throws IOException {
    useLocks();
    rig.vdis.states.add(state(VdiDirectory.Lock.NORMAL));
    RequestFields release = new RequestFields.Vdi(0, 7, 0, 0, 0, 0, 0, 0);
    client.call(Opcode.RELEASE_VDI, 0, 0, release).is(ResultCode.SUCCESS);
    assertEquals(List.of("unlock 7"), rig.vdis.asked);
    rig.vdis.states.set(0, state(VdiDirectory.Lock.NONE));
    client.call(Opcode.RELEASE_VDI, 0, 0, release).is(ResultCode.SUCCESS);
    assertEquals(List.of("unlock 7"), rig.vdis.asked);
  }

  @Test
  void locksAreToldWithTheNodeThatHoldsThem() throws IOException {
    NodeId self = new NodeId(new NodeAddress(0, 0x7f000001L, 7000), NodeAddress.NONE);
    NodeId nobody = new NodeId(NodeAddress.NONE, NodeAddress.NONE);
    rig.vdis.states.add(state(VdiDirectory.Lock.NORMAL));
    rig.vdis.states.add(state(VdiDirectory.Lock.SHARED));
    Answer answer = client.call(Opcode.GET_VDI_COPIES, 0, 1 << 20, RequestFields.NONE);
    assertEquals(
        new VdiState(7, 2, false, 0, VdiState.LOCKED, self, List.of()),
        VdiState.decode(answer.data()));
    VdiState.Participant participant =
        new VdiState.Participant(VdiState.Participant.MODIFIED, self);
    assertEquals(
        new VdiState(7, 2, false, 0, VdiState.SHARED, nobody, List.of(participant)),
        VdiState.decode(answer.data()));
  }

  private void useLocks() throws IOException {
    Format format = new Format(7, 3, 0, ClusterFlags.USE_LOCK, "plain");
    rig.book.format(format, rig.node.members(), FakeNode.FORMATTED);
  }

  private Answer lock(int type) throws IOException {
    RequestFields fields = new RequestFields.Vdi(0, 0, 0, 0, 0, 0, 0, type);
    return client.call(Opcode.LOCK_VDI, 0, fields, VdiName.toField("vm1", 256));
  }

  private static VdiDirectory.State state(VdiDirectory.Lock lock) {
    List<VdiDirectory.Locker> lockers =
        lock == VdiDirectory.Lock.NONE ? List.of() : List.of(new VdiDirectory.Locker("this", true));
    return new VdiDirectory.State(VDI, new VdiName("vm1"), false, 1, 2, 0, lock, lockers);
  }

  // Copies.

  @Test
  void copiesOfAVdiAndOfTheClusterAreAltered() throws IOException {
    alterVdi(7, 2, 0).is(ResultCode.SUCCESS);
    assertEquals(List.of("alter copies of 7 to 2"), rig.vdis.asked);
    alterVdi(0, 2, 0).is(ResultCode.INVALID_PARMS);
    alterVdi(1 << 24, 2, 0).is(ResultCode.INVALID_PARMS);
    alterVdi(7, 6, 0x22).is(ResultCode.INVALID_PARMS);
    alterCluster(2, 0).is(ResultCode.SUCCESS);
    assertEquals(2, rig.book.cluster().orElseThrow().format().copies());
    assertEquals("plain", rig.book.cluster().orElseThrow().format().store());
    alterCluster(0, 0).is(ResultCode.INVALID_PARMS);
    alterCluster(32, 0).is(ResultCode.INVALID_PARMS);
    alterCluster(6, 0x22).is(ResultCode.INVALID_PARMS);
  }

  private Answer alterVdi(int vdi, int copies, int policy) throws IOException {
    RequestFields fields = new RequestFields.VdiStateChange(0, vdi, copies, 0, policy, 0);
    return client.call(Opcode.ALTER_VDI_COPY, 0, 0, fields);
  }

  private Answer alterCluster(int copies, int policy) throws IOException {
    RequestFields fields =
        new RequestFields.Cluster(new ObjectId(0), 0, copies, policy, 0, 0, 0, 0);
    return client.call(Opcode.ALTER_CLUSTER_COPY, 0, 0, fields);
  }

  @Test
  void theHashOfAnObjectIsThatOfAllItsBytes() throws IOException, NoSuchAlgorithmException {
    client.create(DATA, 0, 5, (byte) 'x').is(ResultCode.SUCCESS);
    byte[] whole = new byte[ObjectId.DATA_SIZE];
    whole[5] = 'x';
    Answer answer = client.on(Opcode.GET_HASH, DATA);
    answer.is(ResultCode.SUCCESS);
    ResponseFields.Hash hash = (ResponseFields.Hash) answer.header().fields();
    assertArrayEquals(MessageDigest.getInstance("SHA-1").digest(whole), hash.digest());
    client.on(Opcode.GET_HASH, ObjectId.data(VDI, 2)).is(ResultCode.NO_OBJ);
    client.on(Opcode.GET_HASH, new ObjectId(5)).is(ResultCode.INVALID_PARMS);
    try (Faults.Ended _ = rig.objects.store().faults().fail(StoreCall.READ, DATA::equals)) {
      client.on(Opcode.GET_HASH, DATA).is(ResultCode.EIO);
    }
  }

  @Test
  void objectsThatAreMissingAreNamed() throws IOException {
    client.create(DATA, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
    ObjectId gone = ObjectId.data(VDI, 9);
    Answer answer = missing(RequestFlags.PIGGYBACK, gone, DATA, new ObjectId(3));
    answer.is(ResultCode.NO_OBJ);
    assertEquals(gone.value(), answer.data().getLong());
    assertEquals(3, answer.data().getLong());
    assertEquals(0, answer.data().remaining());
    missing(RequestFlags.PIGGYBACK, DATA).is(ResultCode.SUCCESS);
    missing(RequestFlags.PIGGYBACK).is(ResultCode.SUCCESS);
    assertEquals(0, missing(0, gone).data().remaining(), "nobody would read them");
    client
        .call(Opcode.OIDS_EXIST, RequestFlags.PIGGYBACK, RequestFields.NONE, new byte[7])
        .is(ResultCode.INVALID_PARMS);
  }

  private Answer missing(int flags, ObjectId... objects) throws IOException {
    ByteBuffer ids = StrictClient.buffer(objects.length * Long.BYTES);
    for (ObjectId object : objects) {
      ids.putLong(object.value());
    }
    return client.call(Opcode.OIDS_EXIST, flags, RequestFields.NONE, bytes(ids));
  }

  // Recovery.

  @Test
  void recoveryIsSwitchedAndTold() throws IOException {
    assertEquals(false, recoveryDisabled());
    client.call(Opcode.DISABLE_RECOVER, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    assertEquals(true, recoveryDisabled());
    client.call(Opcode.ENABLE_RECOVER, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    assertEquals(false, recoveryDisabled());
  }

  private boolean recoveryDisabled() throws IOException {
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, 0, 0, 0, 0, 4, 0);
    Answer answer = client.call(Opcode.STAT_CLUSTER, 0, EpochLog.size(4), fields);
    return EpochLog.decode(answer.data(), 4).recoveryDisabled();
  }

  @Test
  void aNodeThatIsAloneIsNeverInRecovery() throws IOException {
    Answer answer = client.call(Opcode.STAT_RECOVERY, 0, RecoveryState.SIZE, RequestFields.NONE);
    assertEquals(new RecoveryState(false, 0, 0, 0), RecoveryState.decode(answer.data()));
    client.call(Opcode.FORCE_RECOVER, 0, 4096, RequestFields.NONE).is(ResultCode.FORCE_RECOVER);
    client.call(Opcode.REWEIGHT, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  @Test
  void throttlingIsKept() throws IOException {
    RecoveryThrottling limit = new RecoveryThrottling(10, 200, true);
    ByteBuffer payload = StrictClient.buffer(RecoveryThrottling.SIZE);
    limit.encode(payload);
    client.call(Opcode.SET_RECOVERY, 0, RequestFields.NONE, bytes(payload)).is(ResultCode.SUCCESS);
    Answer answer =
        client.call(Opcode.GET_RECOVERY, 0, RecoveryThrottling.SIZE, RequestFields.NONE);
    assertEquals(limit, RecoveryThrottling.decode(answer.data()));
  }

  // The node.

  @Test
  void disksAreTold() throws IOException {
    Answer answer = client.call(Opcode.MD_INFO, 0, MdInfo.SIZE, RequestFields.NONE);
    answer.is(ResultCode.SUCCESS);
    assertEquals(
        List.of(
            new MdInfo.MdDisk(0, 400, 600, "/disks/one"),
            new MdInfo.MdDisk(1, 50, 0, "/disks/two")),
        MdInfo.decode(answer.data()).disks());
    client
        .call(Opcode.MD_INFO, 0, MdInfo.SIZE - 1, RequestFields.NONE)
        .is(ResultCode.INVALID_PARMS);
  }

  @Test
  void theLogsLevelIsToldAndChanged() throws IOException {
    assertEquals(6, logLevel());
    setLogLevel(7).is(ResultCode.SUCCESS);
    assertEquals(Level.DEBUG, rig.node.level);
    assertEquals(7, logLevel());
    setLogLevel(8).is(ResultCode.INVALID_PARMS);
    setLogLevel(-1).is(ResultCode.INVALID_PARMS);
    client.call(Opcode.SET_LOGLEVEL, 0, 0, RequestFields.NONE).is(ResultCode.INVALID_PARMS);
    assertEquals(7, logLevel());
  }

  @Test
  void disksAreAddedAndTakenOut() throws IOException {
    changeDisks(Opcode.MD_PLUG, "/a,/b\0").is(ResultCode.SUCCESS);
    changeDisks(Opcode.MD_UNPLUG, "/a").is(ResultCode.SUCCESS);
    assertEquals(List.of("plug [/a, /b]", "unplug [/a]"), List.copyOf(rig.node.asked));
    rig.node.failing = true;
    changeDisks(Opcode.MD_PLUG, "/c\0").is(ResultCode.EIO);
  }

  private Answer changeDisks(Opcode opcode, String paths) throws IOException {
    return client.call(opcode, 0, RequestFields.NONE, paths.getBytes(StandardCharsets.ISO_8859_1));
  }

  private int logLevel() throws IOException {
    return client.call(Opcode.GET_LOGLEVEL, 0, 4, RequestFields.NONE).data().getInt();
  }

  private Answer setLogLevel(int level) throws IOException {
    byte[] payload = bytes(StrictClient.buffer(4).putInt(level));
    return client.call(Opcode.SET_LOGLEVEL, 0, RequestFields.NONE, payload);
  }

  /// What was put into a buffer.
  private static byte[] bytes(ByteBuffer filled) {
    byte[] bytes = new byte[filled.flip().remaining()];
    filled.get(bytes);
    return bytes;
  }
}
