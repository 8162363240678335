package dev.kelpie.frontend.sheepdog;

import static dev.kelpie.wire.RequestFlags.CACHE;
import static dev.kelpie.wire.RequestFlags.COW;
import static dev.kelpie.wire.RequestFlags.DIRECT;
import static dev.kelpie.wire.RequestFlags.TGT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests for objects, as clients send them.
@Timeout(60)
final class ObjectRequestsTest {
  private static final VdiId VDI = new VdiId(0x7c2b25);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 5);
  private static final ObjectId PARENT = ObjectId.data(new VdiId(0x7c2b24), 5);
  private static final ObjectId INODE = ObjectId.inode(VDI);
  private static final ObjectId NO_VDI = new ObjectId(5);

  /// What QEMU and tgt read of an inode, and what there is of it.
  private static final int OLD_INODE_SIZE = 4_198_968;

  private final Rig rig;
  private final StrictClient client;

  ObjectRequestsTest() throws IOException {
    rig = new Rig();
    client = rig.client();
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  @Test
  void whatWasCreatedAndWrittenIsRead() throws IOException {
    client.create(OBJECT, 0, 100, text("hello")).is(ResultCode.SUCCESS);
    client.write(OBJECT, 0, 105, text(" world")).is(ResultCode.SUCCESS);
    assertEquals("\0hello world\0", read(OBJECT, 99, 13));
  }

  @Test
  void aCreateReplacesAndFillsWithZeros() throws IOException {
    client.create(OBJECT, 0, 0, text("old old old")).is(ResultCode.SUCCESS);
    client.create(OBJECT, 0, 4, text("new")).is(ResultCode.SUCCESS);
    assertEquals("\0\0\0\0new\0\0\0\0", read(OBJECT, 0, 11));
    client.create(OBJECT, 0, 0).is(ResultCode.SUCCESS);
    assertEquals("\0\0\0\0\0", read(OBJECT, 0, 5));
  }

  @Test
  void aCreateCopiesOnWrite() throws IOException {
    RequestFields.Obj fields = RequestFields.Obj.at(OBJECT, 2).copying(PARENT);
    client.call(Opcode.CREATE_AND_WRITE_OBJ, COW, fields, text("x")).is(ResultCode.NO_OBJ);
    client.create(PARENT, 0, 0, text("parent")).is(ResultCode.SUCCESS);
    client.call(Opcode.CREATE_AND_WRITE_OBJ, COW, fields, text("x")).is(ResultCode.SUCCESS);
    assertEquals("paxent", read(OBJECT, 0, 6));
    for (ObjectId wrong : List.of(NO_VDI, INODE)) {
      client
          .call(Opcode.CREATE_AND_WRITE_OBJ, COW, fields.copying(wrong), text("x"))
          .is(ResultCode.INVALID_PARMS);
    }
  }

  @Test
  void whatIsNotThereIsNoObject() throws IOException {
    client.read(OBJECT, 0, 0, 512).is(ResultCode.NO_OBJ);
    client.write(OBJECT, 0, 0, text("x")).is(ResultCode.NO_OBJ);
    client.write(OBJECT, 0, 0).is(ResultCode.NO_OBJ);
    client.on(Opcode.REMOVE_OBJ, OBJECT).is(ResultCode.NO_OBJ);
    client.on(Opcode.EXIST, OBJECT).is(ResultCode.NO_OBJ);
    client.create(OBJECT, 0, 0, text("x")).is(ResultCode.SUCCESS);
    client.on(Opcode.EXIST, OBJECT).is(ResultCode.SUCCESS);
    client.write(OBJECT, 0, 0).is(ResultCode.SUCCESS);
    client.on(Opcode.REMOVE_OBJ, OBJECT).is(ResultCode.SUCCESS);
    client.on(Opcode.EXIST, OBJECT).is(ResultCode.NO_OBJ);
  }

  @Test
  void anyPartOfAnInodeIsServed() throws IOException {
    byte[] header = new byte[4664];
    header[0] = 'n';
    client.create(INODE, 0, 0, header).is(ResultCode.SUCCESS);
    client
        .write(INODE, 0, 4664 + 4 * 17, (byte) 1, (byte) 2, (byte) 3, (byte) 4)
        .is(ResultCode.SUCCESS);
    assertEquals("n", read(INODE, 0, 1));
    byte[] old = client.read(INODE, 0, 0, OLD_INODE_SIZE).bytes();
    assertEquals(OLD_INODE_SIZE, old.length);
    assertEquals(3, old[4664 + 4 * 17 + 2]);
    Answer whole = client.read(INODE, 0, 0, ObjectId.INODE_SIZE);
    assertEquals(ObjectId.INODE_SIZE, whole.data().remaining());
    client.write(INODE, 0, 0, new byte[ObjectId.INODE_SIZE]).is(ResultCode.SUCCESS);
  }

  @Test
  void aRangeThatLeavesTheObjectIsRefused() throws IOException {
    client.create(OBJECT, 0, 0, text("x")).is(ResultCode.SUCCESS);
    int size = ObjectId.DATA_SIZE;
    client.read(OBJECT, 0, size - 1, 1).is(ResultCode.SUCCESS);
    client.read(OBJECT, 0, size, 0).is(ResultCode.SUCCESS);
    client.read(OBJECT, 0, size, 1).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 1, size).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 0, size + 1).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 1L << 32, 1).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, -1, 1).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, Long.MIN_VALUE, 1).is(ResultCode.INVALID_PARMS);
    client.write(OBJECT, 0, size - 1, text("xy")).is(ResultCode.INVALID_PARMS);
    client.write(OBJECT, 0, Long.MAX_VALUE, text("xy")).is(ResultCode.INVALID_PARMS);
    client.create(OBJECT, 0, size, text("x")).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
  }

  @Test
  void anIdWithoutAVdiIsRefused() throws IOException {
    client.read(NO_VDI, 0, 0, 1).is(ResultCode.INVALID_PARMS);
    client.create(NO_VDI, 0, 0, text("x")).is(ResultCode.INVALID_PARMS);
    client.write(NO_VDI, 0, 0, text("x")).is(ResultCode.INVALID_PARMS);
    client.on(Opcode.REMOVE_OBJ, NO_VDI).is(ResultCode.INVALID_PARMS);
    client.on(Opcode.DISCARD_OBJ, NO_VDI).is(ResultCode.INVALID_PARMS);
    client.on(Opcode.FLUSH_VDI, NO_VDI).is(ResultCode.INVALID_PARMS);
    client.on(Opcode.EXIST, NO_VDI).is(ResultCode.NO_OBJ);
  }

  @Test
  void flagsChooseModeAndDurability() throws IOException {
    client.create(OBJECT, CACHE, 0, text("x")).is(ResultCode.SUCCESS);
    client.write(OBJECT, CACHE | TGT, 0, text("x")).is(ResultCode.SUCCESS);
    client.write(OBJECT, DIRECT, 0, text("x")).is(ResultCode.SUCCESS);
    client.write(OBJECT, 0, 0, text("x")).is(ResultCode.SUCCESS);
    client.write(OBJECT, CACHE | DIRECT, 0, text("x")).is(ResultCode.SUCCESS);
    assertEquals(
        List.of(
            "WRITEBACK DEFERRED",
            "WRITEBACK DEFERRED",
            "DIRECT DURABLE",
            "WRITETHROUGH DURABLE",
            "DIRECT DURABLE"),
        modes());
  }

  @Test
  void withoutACacheEveryWriteIsDurableAndAFlushSaysThatThereIsNone() throws IOException {
    try (Rig bare = Rig.formatted(false, SheepdogConfig.defaults())) {
      StrictClient qemu = bare.client();
      qemu.create(OBJECT, CACHE, 0, text("x")).is(ResultCode.SUCCESS);
      Change change = bare.objects.store().record().calls().getFirst().change().orElseThrow();
      assertEquals(CacheMode.DIRECT, change.mode());
      assertEquals(Durability.DURABLE, change.durability());
      qemu.on(Opcode.FLUSH_VDI, INODE).is(ResultCode.INVALID_PARMS);
    }
  }

  @Test
  void aFlushIsABarrierForEveryConnectionAndNeverSaysThatThereIsNoCache_I1_I3() throws IOException {
    client.create(OBJECT, CACHE, 0, text("acknowledged")).is(ResultCode.SUCCESS);
    rig.client().on(Opcode.FLUSH_VDI, INODE).is(ResultCode.SUCCESS);
    client.write(OBJECT, CACHE, 0, text("later")).is(ResultCode.SUCCESS);
    byte[] left = rig.objects.store().afterPowerCut().bytes(OBJECT).orElseThrow();
    assertEquals("acknowledged", new String(left, 0, 12, UTF_8));
  }

  @Test
  void aFlushThatFailsSaysSo_I2() throws IOException {
    try (Faults.Ended _ = rig.objects.store().faults().fail(StoreCall.FLUSH, INODE::equals)) {
      client.on(Opcode.FLUSH_VDI, INODE).is(ResultCode.EIO);
      client.write(INODE, CACHE, 0).is(ResultCode.EIO);
    }
    client.on(Opcode.FLUSH_VDI, INODE).is(ResultCode.SUCCESS);
  }

  @Test
  void aWriteOfNothingToAnInodeIsTheFlushOfAClientThatReconnected_I1() throws IOException {
    client.create(OBJECT, CACHE, 0, text("x")).is(ResultCode.SUCCESS);
    client.write(INODE, CACHE, 0).is(ResultCode.SUCCESS);
    assertEquals(1, rig.objects.store().record().count(StoreCall.FLUSH));
    client.write(INODE, DIRECT, 0).is(ResultCode.NO_OBJ);
    client.write(OBJECT, CACHE, 0).is(ResultCode.SUCCESS);
    assertEquals(1, rig.objects.store().record().count(StoreCall.FLUSH));
    assertTrue(rig.objects.store().afterPowerCut().bytes(OBJECT).isPresent());
  }

  @Test
  void aDiscardSaysALengthAndSendsNothing() throws IOException {
    RequestFields fields = RequestFields.Obj.at(OBJECT, 0);
    client.call(Opcode.DISCARD_OBJ, CACHE, ObjectId.DATA_SIZE, fields).is(ResultCode.SUCCESS);
    assertEquals(List.of(OBJECT), rig.objects.discardedObjects());
    client.on(Opcode.DISCARD_OBJ, INODE).is(ResultCode.INVALID_PARMS);
  }

  @Test
  void dataOfASnapshotIsReadOnlyAndItsInodeIsNot() throws IOException {
    client.create(OBJECT, 0, 0, text("x")).is(ResultCode.SUCCESS);
    client.create(INODE, 0, 0, text("x")).is(ResultCode.SUCCESS);
    rig.objects.freeze(VDI);
    client.write(OBJECT, 0, 0, text("y")).is(ResultCode.READONLY);
    client.create(OBJECT, 0, 0, text("y")).is(ResultCode.READONLY);
    client.on(Opcode.DISCARD_OBJ, OBJECT).is(ResultCode.READONLY);
    client.write(INODE, 0, 0, text("y")).is(ResultCode.SUCCESS);
    assertEquals("x", read(OBJECT, 0, 1));
    assertEquals(List.of(), rig.log.messages(Level.ERROR));
  }

  @Test
  void troubleBelowIsAnErrorToTheClientAndALineInTheLog() throws IOException {
    client.create(OBJECT, 0, 0, text("x")).is(ResultCode.SUCCESS);
    try (Faults.Ended _ = rig.objects.store().faults().fail(StoreCall.READ, OBJECT::equals);
        Faults.Ended _ = rig.objects.store().faults().fail(StoreCall.WRITE, OBJECT::equals)) {
      client.read(OBJECT, 0, 0, 1).is(ResultCode.EIO);
      client.write(OBJECT, 0, 0, text("y")).is(ResultCode.EIO);
    }
    List<String> errors = rig.log.messages(Level.ERROR);
    assertEquals(2, errors.size());
    assertTrue(
        errors.getFirst().contains("READ_OBJ") && errors.getFirst().contains("7c2b2500000005"),
        errors.getFirst());
    assertEquals("x", read(OBJECT, 0, 1));
  }

  @Test
  void aFullStoreSaysThatItIsFull() throws IOException {
    rig.objects.store().objectsMax(0);
    client.create(OBJECT, 0, 0, text("x")).is(ResultCode.NO_SPACE);
  }

  @Test
  void whatWouldHaveToWaitIsCarriedOutAllTheSame() throws IOException {
    rig.objects.store().wouldAlwaysWait(true);
    client.create(OBJECT, 0, 0, text("patient")).is(ResultCode.SUCCESS);
    client.write(OBJECT, 0, 0, text("P")).is(ResultCode.SUCCESS);
    assertEquals("Patient", read(OBJECT, 0, 7));
  }

  @Test
  void requestsOfObjectsAreCounted() throws IOException {
    client.create(OBJECT, 0, 0, text("12345")).is(ResultCode.SUCCESS);
    client.read(OBJECT, 0, 0, 3).is(ResultCode.SUCCESS);
    client.on(Opcode.FLUSH_VDI, INODE).is(ResultCode.SUCCESS);
    client.on(Opcode.REMOVE_OBJ, OBJECT).is(ResultCode.SUCCESS);
    Answer stat = client.call(Opcode.STAT, 0, 120, RequestFields.NONE);
    assertEquals(
        new SheepStat(
            new SheepStat.Gateway(0, 4, 5, 3, 1, 1, 1, 1), new SheepStat.Peer(0, 0, 0, 0, 0, 0, 0)),
        SheepStat.decode(stat.data()));
  }

  private List<String> modes() {
    return rig.objects.store().record().calls().stream()
        .map(c -> c.change().orElseThrow())
        .map(c -> c.mode() + " " + c.durability())
        .toList();
  }

  private String read(ObjectId object, long offset, int length) throws IOException {
    Answer answer = client.read(object, 0, offset, length);
    answer.is(ResultCode.SUCCESS);
    assertEquals(length, answer.data().remaining());
    assertArrayEquals(answer.bytes(), client.read(object, CACHE, offset, length).bytes());
    return new String(answer.bytes(), UTF_8);
  }

  private static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }
}
