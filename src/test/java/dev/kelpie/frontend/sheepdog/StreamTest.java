package dev.kelpie.frontend.sheepdog;

import static dev.kelpie.wire.RequestFlags.CACHE;
import static dev.kelpie.wire.RequestFlags.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.stream.InFlight;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What goes over a connection besides what it means: order, cuts, wrong lengths.
@Timeout(120)
final class StreamTest {
  private static final VdiId VDI = new VdiId(0x123456);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 0);
  private static final ObjectId OTHER = ObjectId.data(VDI, 1);

  private final Rig rig;
  private final StrictClient client;

  StreamTest() throws IOException {
    rig = new Rig();
    client = rig.client();
    client.create(OBJECT, 0, 0, (byte) 7).is(ResultCode.SUCCESS);
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  @Test
  void laterRequestsOvertakeOneThatWaits() throws IOException {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, OBJECT::equals);
    int slow = client.send(reading(OBJECT));
    int fast = client.send(reading(OTHER));
    client.receive(fast).is(ResultCode.NO_OBJ);
    hang.close();
    client.receive(slow).is(ResultCode.SUCCESS);
  }

  @Test
  void aClientThatReadsNothingHarmsOnlyItself() throws IOException {
    StrictClient deaf = rig.client();
    for (int i = 0; i < 32; i++) {
      deaf.send(whole());
    }
    for (int i = 0; i < 100; i++) {
      client.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
    }
    for (int i = 0; i < 32; i++) {
      Answer answer = deaf.receive();
      answer.is(ResultCode.SUCCESS);
      assertEquals(ObjectId.DATA_SIZE, answer.data().remaining());
    }
  }

  @Test
  void moreRequestsThanMayBeInFlightAreAllAnswered() throws Exception {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, OBJECT::equals);
    int requests = 3 * InFlight.REQUESTS_MAX;
    Thread sender =
        Thread.ofVirtual()
            .start(() -> {
              try {
                for (int i = 0; i < requests; i++) {
                  client.send(reading(OBJECT));
                }
              } catch (IOException failure) {
                throw new AssertionError(failure);
              }
            });
    hang.awaitArrived(InFlight.REQUESTS_MAX);
    sender.join();
    assertEquals(InFlight.REQUESTS_MAX, hang.arrived(), "the rest is not even read");
    hang.close();
    for (int i = 0; i < requests; i++) {
      client.receive().is(ResultCode.SUCCESS);
    }
  }

  @Test
  void requestsAreServedWhereThereIsNoThreadForThem() throws IOException {
    rig.testPlatform
        .tasks()
        .refuse(
            "sheepdog request"::equals,
            () -> {
              throw new RejectedExecutionException("no thread is left");
            });
    client.call(Opcode.FLUSH_VDI, 0, 0, RequestFields.Obj.at(OBJECT, 0)).is(ResultCode.SUCCESS);
    client.write(OBJECT, 0, 3, (byte) 8).is(ResultCode.SUCCESS);
    assertArrayEquals(new byte[] {8}, client.read(OBJECT, 0, 3, 1).bytes());
  }

  @Test
  void aStreamMayComeInAnyPieces() throws IOException {
    RandomGenerator chance = Seeds.generator("StreamTest");
    List<byte[]> all = new ArrayList<>();
    byte[] data = new byte[70_000];
    chance.nextBytes(data);
    for (int i = 0; i < 20; i++) {
      int length = chance.nextInt(1, 1 << chance.nextInt(1, 17));
      int from = chance.nextInt(Math.max(1, data.length - length));
      all.add(Arrays.copyOfRange(data, from, Math.min(data.length, from + length)));
    }
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    List<Integer> ids = new ArrayList<>();
    int offset = 0;
    for (byte[] part : all) {
      ids.add(client.expect(writing(OBJECT, offset, part.length), stream));
      stream.write(part);
      offset += part.length;
    }
    byte[] bytes = stream.toByteArray();
    for (int at = 0; at < bytes.length; ) {
      int end = Math.min(bytes.length, at + chance.nextInt(1, 5000));
      client.sendBytes(Arrays.copyOfRange(bytes, at, end));
      at = end;
    }
    ids.forEach(_ -> {
      try {
        client.receive().is(ResultCode.SUCCESS);
      } catch (IOException failure) {
        throw new AssertionError(failure);
      }
    });
    byte[] stored = client.read(OBJECT, 0, 0, offset).bytes();
    int at = 0;
    for (byte[] part : all) {
      assertArrayEquals(part, Arrays.copyOfRange(stored, at, at + part.length));
      at += part.length;
    }
  }

  @Test
  void aStreamMayBeCutAtEveryByte() throws IOException {
    byte[] name = VdiName.toField("vm1", 256);
    RequestHeader request =
        RequestHeader.of(Opcode.GET_VDI_INFO, WRITE, 256, RequestFields.Vdi.lookup(0));
    byte[] header = StrictClient.encode(request.withId(1));
    byte[] stream = Arrays.copyOf(header, header.length + name.length);
    System.arraycopy(name, 0, stream, header.length, name.length);
    for (int cut = 0; cut < stream.length; cut++) {
      StrictClient broken = rig.client();
      broken.sendBytes(Arrays.copyOf(stream, cut));
      if (cut % 2 == 0) {
        broken.shutdownOutput();
        broken.assertClosed();
      }
      broken.close();
    }
    rig.awaitClients(1);
    assertEquals(List.of(), rig.vdis.asked);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
    assertEquals(List.of(), rig.log.messages(Level.ERROR));
  }

  @Test
  void aReplyThatNobodyTakesIsDropped() throws IOException {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.WRITE, OBJECT::equals);
    StrictClient broken = rig.client();
    broken.send(writing(OBJECT, 0, 1), (byte) 9);
    broken.send(whole());
    hang.awaitArrived(1);
    broken.close();
    hang.close();
    rig.awaitClients(1);
    assertArrayEquals(new byte[] {9}, client.read(OBJECT, 0, 0, 1).bytes());
  }

  @Test
  void whoEndsItsSideStillGetsItsReplies() throws IOException {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, OBJECT::equals);
    StrictClient half = rig.client();
    int id = half.send(reading(OBJECT));
    hang.awaitArrived(1);
    half.shutdownOutput();
    hang.close();
    half.receive(id).is(ResultCode.SUCCESS);
    half.assertClosed();
  }

  @Test
  void aWriteWithoutPayloadClosesTheConnectionAtOnce() throws IOException {
    for (Opcode opcode : List.of(Opcode.WRITE_OBJ, Opcode.CREATE_AND_WRITE_OBJ)) {
      StrictClient tgt = rig.client();
      tgt.send(RequestHeader.of(opcode, 0, 0, RequestFields.Obj.at(OBJECT, 0)));
      tgt.sendBytes(new byte[4096]);
      tgt.assertClosed();
    }
    assertEquals(2, rig.log.messages(Level.WARN).size());
  }

  @Test
  void whatCameBeforeALostStreamIsAnswered() throws IOException {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    StrictClient tgt = rig.client();
    int id = tgt.expect(reading(OBJECT), both);
    RequestFields fields = RequestFields.Obj.at(OBJECT, 0);
    tgt.expect(RequestHeader.of(Opcode.WRITE_OBJ, 0, 0, fields), both);
    tgt.sendBytes(both.toByteArray());
    tgt.receive(id).is(ResultCode.SUCCESS);
    tgt.assertClosed();
    rig.awaitClients(1);
  }

  @Test
  void aPayloadBeyondAllBoundsIsRefusedAndTheConnectionClosed() throws IOException {
    for (int length : new int[] {ObjectId.DATA_SIZE + 1, Integer.MAX_VALUE, -1, 1 << 31}) {
      StrictClient greedy = rig.client();
      int id = greedy.send(writing(OBJECT, 0, length));
      greedy.receive(id).is(ResultCode.INVALID_PARMS);
      greedy.assertClosed();
    }
    StrictClient unknown = rig.client();
    int id = unknown.send(new RequestHeader(0, 0x7f, WRITE, 0, 0, 1 << 20, RequestFields.NONE));
    unknown.receive(id).is(ResultCode.INVALID_PARMS);
    unknown.assertClosed();
  }

  @Test
  void aRefusedRequestsPayloadIsPassedOver() throws IOException {
    byte[] junk = new byte[60_000];
    Arrays.fill(junk, (byte) 0x02);
    int unknown =
        client.send(new RequestHeader(0, 0x7f, WRITE, 0, 0, junk.length, RequestFields.NONE), junk);
    client.receive(unknown).is(ResultCode.INVALID_PARMS);
    int old =
        client.send(
            new RequestHeader(3, 0x03, WRITE, 0, 0, junk.length, RequestFields.Obj.at(OBJECT, 0)),
            junk);
    client.receive(old).is(ResultCode.VER_MISMATCH);
    int noPayload =
        client.send(
            RequestHeader.of(Opcode.READ_OBJ, WRITE, 100, RequestFields.Obj.at(OBJECT, 0)),
            Arrays.copyOf(junk, 100));
    client.receive(noPayload).is(ResultCode.INVALID_PARMS);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
  }

  @Test
  void aRefusedRequestMayBeCutInItsPayload() throws IOException {
    StrictClient broken = rig.client();
    broken.send(new RequestHeader(0, 0x7f, WRITE, 0, 0, 1000, RequestFields.NONE), new byte[999]);
    broken.close();
    rig.awaitClients(1);
  }

  @Test
  void randomBytesNeverHarmTheServer() throws IOException {
    RandomGenerator chance = Seeds.generator("StreamTest.random");
    for (int round = 0; round < 300; round++) {
      StrictClient fuzzer = rig.client();
      byte[] junk = new byte[chance.nextInt(1, 400)];
      chance.nextBytes(junk);
      for (int at = 0; at + 48 <= junk.length; at += 48) {
        junk[at] = (byte) chance.nextInt(3);
        junk[at + 1] = (byte) (chance.nextBoolean() ? chance.nextInt(0x20) : chance.nextInt());
        junk[at + 15] = 0;
        junk[at + 14] &= 0x3f;
        boolean ends = junk[at + 1] == (byte) 0x85 || junk[at + 1] == (byte) 0x9a;
        junk[at + 1] = ends ? 0x02 : junk[at + 1];
      }
      try {
        fuzzer.sendBytes(junk);
        fuzzer.close();
      } catch (IOException refused) {
        assertTrue(refused.getMessage() != null, "the server may hang up first");
      }
    }
    rig.awaitClients(1);
    client.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
  }

  @Test
  void oldRequestsOfALostConnectionNeverWin_I13() throws IOException {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.CREATE, OBJECT::equals);
    StrictClient old = rig.client();
    RequestHeader create =
        RequestHeader.of(
            Opcode.CREATE_AND_WRITE_OBJ, WRITE | CACHE, 1, RequestFields.Obj.at(OBJECT, 0));
    old.send(create, (byte) 1);
    hang.awaitArrived(1);
    StrictClient stale = rig.client();
    stale.send(writing(OBJECT, 1, 1), (byte) 66);
    stale.send(reading(OTHER));
    stale.receive().is(ResultCode.NO_OBJ);
    old.close();
    stale.close();
    StrictClient fresh = rig.client();
    int again = fresh.send(create, (byte) 1);
    int unrelated = fresh.send(reading(OBJECT));
    fresh.receive(unrelated).is(ResultCode.SUCCESS);
    hang.close();
    fresh.receive(again).is(ResultCode.SUCCESS);
    fresh.write(OBJECT, CACHE, 0, (byte) 3).is(ResultCode.SUCCESS);
    rig.awaitClients(2);
    assertArrayEquals(new byte[] {3, 0}, fresh.read(OBJECT, 0, 0, 2).bytes());
  }

  private static RequestHeader reading(ObjectId object) {
    return RequestHeader.of(Opcode.READ_OBJ, 0, 1, RequestFields.Obj.at(object, 0));
  }

  private static RequestHeader whole() {
    return RequestHeader.of(
        Opcode.READ_OBJ, 0, ObjectId.DATA_SIZE, RequestFields.Obj.at(OBJECT, 0));
  }

  private static RequestHeader writing(ObjectId object, int offset, int length) {
    return RequestHeader.of(Opcode.WRITE_OBJ, WRITE, length, RequestFields.Obj.at(object, offset));
  }
}
