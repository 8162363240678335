package dev.kelpie.client;

import static dev.kelpie.client.OneDisk.creation;
import static dev.kelpie.client.OneDisk.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What broken clients send harms nobody else, and is answered as the protocol wants it.
@Timeout(300)
final class GarbageTest {
  /// They end or wipe the sheep, and do that for anybody.
  private static final Set<Integer> SPARED = Set.of(0x84, 0x85, 0x9a);

  private static final byte[] HEALTHY = {4, 5, 6};

  /// More requests than a sheep takes from one connection at a time, and fewer than those whose
  /// replies a socket holds for a client that reads none.
  private static final int STUFFING = 200;

  @TempDir Path directory;

  private static int vdi(Sheep sheep) throws IOException {
    int vid = OneDisk.in(sheep);
    Client.alone(sheep, creation(vid, 0, HEALTHY)).is(Reply.SUCCESS);
    return vid;
  }

  private static byte[] read(Sheep sheep, int vid, int index, int length) throws IOException {
    return Client.alone(sheep, OneDisk.read(Request.data(vid, index), 0, length))
        .is(Reply.SUCCESS)
        .data();
  }

  private static void assertHealthy(Sheep sheep, int vid) throws IOException {
    assertArrayEquals(HEALTHY, read(sheep, vid, 0, HEALTHY.length));
    Client.alone(sheep, write(vid, 0, HEALTHY)).is(Reply.SUCCESS);
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void everyOpcodeWithAnyLengthIsAnsweredOrCutOff(Sheep.Way way) throws IOException {
    RandomGenerator chance = Seeds.generator("GarbageTest.lengths " + way);
    int[] lengths = {0, 1, 47, 255, 256, 257, 512, 4096, 66_320, 66_321, 1 << 24, -1};
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = vdi(sheep);
      for (int opcode = 0; opcode < 256; opcode++) {
        for (int round = 0; round < (SPARED.contains(opcode) ? 0 : 4); round++) {
          int length = lengths[chance.nextInt(lengths.length)];
          int flags = chance.nextInt(4) == 0 ? chance.nextInt(0x10000) : chance.nextInt(2);
          answeredOrCutOff(sheep, garbage(chance, opcode, flags, length));
        }
      }
      assertHealthy(sheep, vid);
    }
  }

  /// The fields name objects and VDIs that are not there.
  private static Request garbage(RandomGenerator chance, int opcode, int flags, int length) {
    Request request = Request.of(opcode, flags, length).id(chance.nextInt());
    return request.protocol(opcode < 0x80 ? chance.nextInt(3) : 9).u64(40, chance.nextInt(2));
  }

  private static void answeredOrCutOff(Sheep sheep, Request request) throws IOException {
    boolean floods = request.writes() && (request.length() < 0 || request.length() > 1 << 20);
    byte[] payload = new byte[request.writes() && !floods ? request.length() : 0];
    try (Client client = new Client(sheep)) {
      client.send(request);
      client.sendBytes(payload);
      Reply reply = client.receive();
      assertTrue(!floods || reply.result() != Reply.SUCCESS, () -> "done: " + request);
    } catch (IOException cutOff) {
      boolean may = request.writes() || request.opcode() == 1 || request.opcode() == 3;
      boolean peers = request.opcode() >= 0x80;
      assertTrue(may || peers, () -> "cut off for " + request + ": " + cutOff);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void unknownOpcodesAreInvalidAndTheStreamGoesOn(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = vdi(sheep);
      for (int opcode : new int[] {0x00, 0x06, 0x10, 0x18, 0x19, 0x40, 0x7f}) {
        client.call(Request.of(opcode, 0, 4096)).is(Reply.INVALID_PARMS);
        client.call(Request.with(opcode, 0, new byte[300])).is(Reply.INVALID_PARMS);
      }
      client.call(write(vid, 0, HEALTHY)).is(Reply.SUCCESS);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void aStreamMayEndAfterEveryByte(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = vdi(sheep);
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      stream.write(creation(vid, 1, (byte) 1, (byte) 2).id(1).bytes());
      stream.write(write(vid, 1, (byte) 3).id(2).bytes());
      stream.write(
          Request.of(Request.FLUSH_VDI, Request.F_CACHE, 0)
              .object(Request.inode(vid), 0)
              .id(3)
              .bytes());
      byte[] all = stream.toByteArray();
      for (int end = 0; end <= all.length; end++) {
        Client client = new Client(sheep);
        client.sendBytes(Arrays.copyOf(all, end));
        if (end % 2 == 0) {
          client.endSending();
        }
        client.close();
      }
      sheep.awaitClients(0);
      assertHealthy(sheep, vid);
      Client.alone(sheep, creation(vid, 1, (byte) 9)).is(Reply.SUCCESS);
      assertArrayEquals(new byte[] {9}, read(sheep, vid, 1, 1));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void bytesByChanceHarmNobody(Sheep.Way way) throws IOException {
    RandomGenerator chance = Seeds.generator("GarbageTest.bytes " + way);
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = vdi(sheep);
      for (int round = 0; round < 150; round++) {
        try (Client client = new Client(sheep)) {
          client.sendBytes(junk(chance));
        } catch (IOException hungUp) {
          assertFalse(hungUp.toString().isEmpty(), "the sheep may hang up first");
        }
      }
      sheep.awaitClients(0);
      assertHealthy(sheep, vid);
    }
  }

  private static byte[] junk(RandomGenerator chance) {
    byte[] junk = new byte[chance.nextInt(1, 600)];
    chance.nextBytes(junk);
    for (int at = 0; at + Request.SIZE <= junk.length; at += Request.SIZE) {
      junk[at] = (byte) chance.nextInt(3);
      junk[at + 14] &= 0x3f;
      junk[at + 15] = 0;
      if (SPARED.contains(junk[at + 1] & 0xff)) {
        junk[at + 1] = Request.READ;
      }
    }
    return junk;
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void aFloodOfHalfOpenConnectionsHoldsNobodyUp(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = vdi(sheep);
      List<Client> flood = new ArrayList<>();
      byte[] half = write(vid, 1, new byte[4096]).bytes();
      for (int i = 0; i < 300; i++) {
        Client client = new Client(sheep);
        flood.add(client);
        client.sendBytes(Arrays.copyOf(half, i % 3 == 0 ? 0 : i));
      }
      Await.until("all are there", () -> sheep.clients() >= 300);
      assertHealthy(sheep, vid);
      for (Client client : flood) {
        client.close();
      }
      sheep.awaitClients(0);
      assertHealthy(sheep, vid);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void requestsMayRepeatAnId_I12(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = vdi(sheep);
      for (Request request :
          List.of(
              creation(vid, 1, (byte) 1),
              write(vid, 1, (byte) 2),
              Request.of(Request.READ, 0, 1).object(Request.data(vid, 0), 0),
              Request.with(Request.WRITE, Request.F_CACHE, new byte[0])
                  .object(Request.inode(vid), 0),
              Request.of(Request.DISCARD, Request.F_CACHE, Request.OBJECT)
                  .object(Request.data(vid, 2), 0))) {
        for (int i = 0; i < 20; i++) {
          client.send(request.id(7));
        }
        for (int i = 0; i < 20; i++) {
          client.receive().is(Reply.SUCCESS);
        }
      }
      assertArrayEquals(new byte[] {2}, read(sheep, vid, 1, 1));
    }
  }

  /// The old connection is so full of reads that wait for the store that the sheep reads no
  /// further, and behind them lies an old write. It wakes up when the new one was answered.
  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void anOldConnectionThatWakesUpLateChangesNothing_I13(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = vdi(sheep);
      ObjectId slow = new ObjectId(Request.data(vid, 3));
      Request making = Request.with(Request.CREATE, Request.F_DIRECT, new byte[1]);
      Client.alone(sheep, making.object(slow.value(), 0)).is(Reply.SUCCESS);
      Client old = new Client(sheep);
      Faults.Hang hang = sheep.store.faults().hang(StoreCall.READ, slow::equals);
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      for (int id = 0; id < STUFFING; id++) {
        stream.write(Request.of(Request.READ, 0, 1).object(slow.value(), id).id(id).bytes());
      }
      stream.write(creation(vid, 0, (byte) 66).bytes());
      stream.write(write(vid, 0, (byte) 66).bytes());
      old.sendBytes(stream.toByteArray());
      hang.awaitArrived(1);
      old.endSending();
      for (Request resent :
          List.of(creation(vid, 0, (byte) 66), write(vid, 0, (byte) 66), write(vid, 0, (byte) 1))) {
        Client.alone(sheep, resent).is(Reply.SUCCESS);
      }
      hang.close();
      sheep.awaitClients(0);
      assertArrayEquals(new byte[] {1}, read(sheep, vid, 0, 1));
      old.close();
    }
  }
}
