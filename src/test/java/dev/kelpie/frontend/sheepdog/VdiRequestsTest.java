package dev.kelpie.frontend.sheepdog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests for VDIs, as clients send them.
@Timeout(60)
final class VdiRequestsTest {
  private static final int BITMAP = 2_097_152;
  private static final long SIZE = 1L << 30;

  private final Rig rig;
  private final StrictClient client;

  VdiRequestsTest() throws IOException {
    rig = new Rig();
    client = rig.client();
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  @Test
  void aNewVdiIsCreatedClonedSnapshottedOrRolledBack() throws IOException {
    make("vm1", 0, 0).is(ResultCode.SUCCESS);
    make("vm2", 0x123456, 0).is(ResultCode.SUCCESS);
    make("vm1", 0x123456, 1).is(ResultCode.SUCCESS);
    make("vm1", 0x123456, 99).is(ResultCode.SUCCESS);
    make("vm1", 0x123456, 2).is(ResultCode.SUCCESS);
    String shape = new VdiDirectory.Shape(SIZE, 3, 0, 0).toString();
    assertEquals(
        List.of(
            "create vm1 " + shape,
            "clone vm2 of 123456 " + shape,
            "snapshot vm1 of 123456 " + shape,
            "snapshot vm1 of 123456 " + shape,
            "rollback vm1 to 123456 " + shape),
        rig.vdis.asked);
  }

  @Test
  void theReplyNamesTheVdiAndItsCopies() throws IOException {
    rig.vdis.answer = new VdiAnswer.Found(new VdiId(0xc59887), 2);
    assertEquals(ResponseFields.Vdi.found(0xc59887, 2), make("vm1", 0, 0).header().fields());
  }

  @Test
  void theReplyToADeletionNamesNoVdi() throws IOException {
    Answer answer = lookup(Opcode.DEL_VDI, "vm1", "", 0);
    answer.is(ResultCode.SUCCESS);
    assertEquals(ResponseFields.Vdi.found(0, 0), answer.header().fields());
  }

  @Test
  void aBitmapIsNotSentToWhoHasNoRoomForIt() throws IOException {
    client.call(Opcode.READ_VDIS, 0, RequestFields.NONE, new byte[0]).is(ResultCode.INVALID_PARMS);
    client.call(Opcode.READ_VDIS, 0, BITMAP, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  @Test
  void copiesAreThoseAskedForOrTheClusters() throws IOException {
    make("a", new RequestFields.Vdi(SIZE, 0, 2, 0, 0, 22, 0, 0)).is(ResultCode.SUCCESS);
    make("b", new RequestFields.Vdi(SIZE, 0, 0, 0, 0, 0, 0, 0)).is(ResultCode.SUCCESS);
    assertEquals(
        List.of(
            "create a " + new VdiDirectory.Shape(SIZE, 2, 0, 0),
            "create b " + new VdiDirectory.Shape(SIZE, 3, 0, 0)),
        rig.vdis.asked);
  }

  @Test
  void aNewVdiThatCannotBeIsRefused() throws IOException {
    make("", 0, 0).is(ResultCode.INVALID_PARMS);
    make("x", 0, 1).is(ResultCode.INVALID_PARMS);
    make("x", 0, 2).is(ResultCode.INVALID_PARMS);
    make("x", 1 << 24, 0).is(ResultCode.INVALID_PARMS);
    make("x", -1, 0).is(ResultCode.INVALID_PARMS);
    make("x", new RequestFields.Vdi(-1, 0, 0, 0, 0, 0, 0, 0)).is(ResultCode.INVALID_PARMS);
    make("x", new RequestFields.Vdi(SIZE, 0, 0, 0, 0, 20, 0, 0)).is(ResultCode.INVALID_PARMS);
    RequestFields fields = new RequestFields.Vdi(SIZE, 0, 0, 0, 0, 0, 0, 0);
    for (int length : new int[] {0, 1, 255, 257, 512}) {
      client.call(Opcode.NEW_VDI, 0, fields, new byte[length]).is(ResultCode.INVALID_PARMS);
    }
    assertEquals(List.of(), rig.vdis.asked);
  }

  @Test
  void everyRefusalOfTheDirectoryHasItsResult() throws IOException {
    for (VdiAnswer.Reason reason : VdiAnswer.Reason.values()) {
      rig.vdis.answer = new VdiAnswer.Refused(reason);
      make("x", 0, 0).is(ResultCode.valueOf(reason.name()));
      lookup(Opcode.LOCK_VDI, "x", "", 0).is(ResultCode.valueOf(reason.name()));
    }
    assertEquals(List.of(), rig.objects.openedVdis());
    rig.vdis.failing = true;
    make("x", 0, 0).is(ResultCode.EIO);
    String error = rig.log.messages(Level.ERROR).getLast();
    assertTrue(error.contains("NEW_VDI") && error.contains("cannot be reached"), error);
  }

  @Test
  void lookupsGoByNameTagAndId() throws IOException {
    lookup(Opcode.GET_VDI_INFO, "vm1", "", 0).is(ResultCode.SUCCESS);
    lookup(Opcode.GET_VDI_INFO, "vm1", "before", 0).is(ResultCode.SUCCESS);
    lookup(Opcode.DEL_VDI, "vm1", "", 4).is(ResultCode.SUCCESS);
    client
        .call(Opcode.GET_VDI_INFO, 0, RequestFields.Vdi.lookup(3), name("short"))
        .is(ResultCode.SUCCESS);
    assertEquals(
        List.of("lookup vm1 [] 0", "lookup vm1 [before] 0", "delete vm1 [] 4", "lookup short [] 3"),
        rig.vdis.asked);
    assertEquals(List.of(), rig.objects.openedVdis());
  }

  @Test
  void aNameOf256BytesIsCutTo255() throws IOException {
    byte[] full = "n".repeat(512).getBytes(UTF_8);
    client.call(Opcode.GET_VDI_INFO, 0, RequestFields.Vdi.lookup(0), full).is(ResultCode.SUCCESS);
    assertEquals(
        List.of("lookup " + "n".repeat(255) + " [" + "n".repeat(255) + "] 0"), rig.vdis.asked);
  }

  @Test
  void lookupsWithoutANameOrWithAnotherLengthAreRefused() throws IOException {
    for (Opcode opcode : List.of(Opcode.LOCK_VDI, Opcode.GET_VDI_INFO, Opcode.DEL_VDI)) {
      lookup(opcode, "", "tag", 1).is(ResultCode.INVALID_PARMS);
      for (int length : new int[] {0, 255, 300, 513}) {
        client
            .call(opcode, 0, RequestFields.Vdi.lookup(0), new byte[length])
            .is(ResultCode.INVALID_PARMS);
      }
    }
    assertEquals(List.of(), rig.vdis.asked);
  }

  @Test
  void anOpenIsToldToTheObjects() throws IOException {
    lookup(Opcode.LOCK_VDI, "vm1", "", 0).is(ResultCode.SUCCESS);
    assertEquals(List.of(new VdiId(7)), rig.objects.openedVdis());
  }

  @Test
  void aReleaseIsABarrier_I17() throws IOException {
    ObjectId inode = ObjectId.inode(new VdiId(7));
    for (byte[] payload : List.of(new byte[0], name("vm1"), new byte[] {'v', 0})) {
      release(7, payload).is(ResultCode.SUCCESS);
    }
    assertEquals(3, rig.objects.store().record().count(StoreCall.FLUSH));
    client.call(Opcode.RELEASE_VDI, 0, 0, vdi(7)).is(ResultCode.SUCCESS);
    assertEquals(4, rig.objects.store().record().count(StoreCall.FLUSH));
    try (Faults.Ended _ = rig.objects.store().faults().fail(StoreCall.FLUSH, inode::equals)) {
      release(7).is(ResultCode.EIO);
    }
  }

  @Test
  void aReleaseMayNameNoVdi() throws IOException {
    release(0, name("vm1")).is(ResultCode.SUCCESS);
    release(1 << 24).is(ResultCode.INVALID_PARMS);
    assertEquals(0, rig.objects.store().record().count(StoreCall.FLUSH));
  }

  @Test
  void theBitmapHasABitForEachIdInUseTheLowestFirst() throws IOException {
    rig.vdis.used.set(0x7c2b25);
    rig.vdis.used.set(1);
    rig.vdis.used.set(VdiId.COUNT - 1);
    for (int round = 0; round < 2; round++) {
      Answer answer = client.call(Opcode.READ_VDIS, 0, BITMAP, RequestFields.NONE);
      answer.is(ResultCode.SUCCESS);
      byte[] expected = new byte[BITMAP];
      expected[0x7c2b25 / 8] = 1 << (0x7c2b25 % 8);
      expected[0] = 2;
      expected[BITMAP - 1] = (byte) 0x80;
      assertArrayEquals(expected, answer.bytes());
      rig.objects.create(
          ObjectId.data(new VdiId(1), 0),
          Base.ZEROS,
          0,
          ByteBuffer.allocate(0),
          CacheMode.DIRECT,
          Durability.DURABLE);
      client.write(ObjectId.data(new VdiId(1), 0), 0, 0, ones()).is(ResultCode.SUCCESS);
    }
    for (int length : new int[] {0, BITMAP - 1, BITMAP + 1, -1}) {
      client.call(Opcode.READ_VDIS, 0, length, RequestFields.NONE).is(ResultCode.INVALID_PARMS);
    }
  }

  /// Dirties the memory that the next reply lies in.
  private static byte[] ones() {
    byte[] ones = new byte[BITMAP];
    Arrays.fill(ones, (byte) -1);
    return ones;
  }

  @Test
  void everyVdiHasAState() throws IOException {
    rig.vdis.states.add(
        new VdiDirectory.State(
            new VdiId(5), new VdiName("a"), false, 1, 2, 0, VdiDirectory.Lock.NONE, List.of()));
    rig.vdis.states.add(
        new VdiDirectory.State(
            new VdiId(6), new VdiName("a"), true, 2, 3, 0, VdiDirectory.Lock.NONE, List.of()));
    client
        .call(Opcode.GET_VDI_COPIES, 0, 2 * VdiState.SIZE - 1, RequestFields.NONE)
        .is(ResultCode.BUFFER_SMALL);
    Answer answer = client.call(Opcode.GET_VDI_COPIES, 0, 1 << 20, RequestFields.NONE);
    answer.is(ResultCode.SUCCESS);
    assertEquals(2 * VdiState.SIZE, answer.data().remaining());
    NodeId nobody = new NodeId(NodeAddress.NONE, NodeAddress.NONE);
    assertEquals(
        new VdiState(5, 2, false, 0, VdiState.UNLOCKED, nobody, List.of()),
        VdiState.decode(answer.data()));
    assertTrue(VdiState.decode(answer.data()).snapshot());
  }

  @Test
  void administrationIsLogged() throws IOException {
    make("vm1", 0, 0);
    rig.vdis.answer = new VdiAnswer.Refused(VdiAnswer.Reason.VDI_EXIST);
    make("vm1", 0, 0);
    lookup(Opcode.GET_VDI_INFO, "vm1", "", 0);
    List<String> lines = rig.log.messages(Level.INFO);
    assertEquals(4, lines.size());
    String client = "client=127\\.0\\.0\\.1:\\d+, op=NEW_VDI";
    assertTrue(lines.get(0).matches("req=0x1, fd=1, " + client + ", data=vm1"), lines.get(0));
    assertTrue(lines.get(1).matches("req=0x1, fd=1, " + client + ", result=00"), lines.get(1));
    assertTrue(lines.get(3).matches("req=0x2, fd=1, " + client + ", result=04"), lines.get(3));
  }

  @Test
  void textInTheLogIsPrintable() {
    assertEquals("(null)", AdminLog.data(StrictClient.buffer(0)));
    assertEquals("(not string)", AdminLog.data(ByteBuffer.wrap(new byte[] {'a', 'b'})));
    assertEquals("(not string)", AdminLog.data(ByteBuffer.wrap(new byte[] {'a', '\n', 0})));
    assertEquals("ab", AdminLog.data(ByteBuffer.wrap(new byte[] {'a', 'b', 0, 'c'})));
    assertEquals("", AdminLog.data(ByteBuffer.wrap(new byte[] {0})));
  }

  private Answer make(String name, int base, int snapId) throws IOException {
    return make(name, new RequestFields.Vdi(SIZE, base, 0, 0, 0, 0, snapId, 0));
  }

  private Answer make(String name, RequestFields.Vdi fields) throws IOException {
    return client.call(Opcode.NEW_VDI, 0, fields, name(name));
  }

  private Answer lookup(Opcode opcode, String name, String tag, int snapId) throws IOException {
    byte[] payload = new byte[512];
    System.arraycopy(VdiName.toField(name, 256), 0, payload, 0, 256);
    System.arraycopy(VdiName.toField(tag, 256), 0, payload, 256, 256);
    return client.call(opcode, 0, RequestFields.Vdi.lookup(snapId), payload);
  }

  private Answer release(int vdi, byte... payload) throws IOException {
    return client.call(Opcode.RELEASE_VDI, 0, vdi(vdi), payload);
  }

  private static RequestFields vdi(int vdi) {
    return new RequestFields.Vdi(0, vdi, 0, 0, 0, 0, 0, 0);
  }

  private static byte[] name(String name) {
    return VdiName.toField(name, 256);
  }
}
