package dev.kelpie.client;

import static dev.kelpie.client.OneDisk.NAME;
import static dev.kelpie.client.OneDisk.SIZE;
import static dev.kelpie.client.OneDisk.creation;
import static dev.kelpie.client.OneDisk.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The traps of the protocol (spec §6), and what `dog` of release 0.9 sends (§2.3).
@Timeout(120)
final class ProtocolTest {
  @TempDir Path directory;

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void versionsUpToTwoAreServedAndOthersNot(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      for (int version = 0; version <= 255; version++) {
        int result = version <= 2 ? Reply.SUCCESS : Reply.VER_MISMATCH;
        client.call(creation(vid, 0, (byte) version).protocol(version)).is(result);
        client.call(read(Request.inode(vid), 0, 1).protocol(version)).is(result);
        Request internal = Request.of(Request.GET_VDI_COPIES, 0, 1 << 20).protocol(version);
        client.call(internal).is(version == 9 ? Reply.SUCCESS : Reply.VER_MISMATCH);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void copiesAndHighHalvesOfTheHeaderMeanNothing(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      for (int copies : new int[] {0, 1, 31, 255}) {
        client.call(creation(vid, 0, (byte) 1, (byte) 2).u8(32, copies)).is(Reply.SUCCESS);
        Request reading = read(Request.data(vid, 0), 1, 1).u8(32, copies);
        assertArrayEquals(new byte[] {2}, client.call(reading).is(Reply.SUCCESS).data());
      }
      assertEquals(2, client.call(read(Request.inode(vid), 554, 1)).data()[0], "its own number");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void anInodeIsReadInEveryLengthThatClientsUse(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      long inode = Request.inode(OneDisk.in(sheep));
      byte[] whole = client.call(read(inode, 0, 12_587_576)).is(Reply.SUCCESS).data();
      for (int length : new int[] {1, 4, 4664, 4672, Request.INODE}) {
        byte[] part = client.call(read(inode, 0, length)).is(Reply.SUCCESS).data();
        assertArrayEquals(Arrays.copyOf(whole, length), part);
      }
      client.call(read(inode, 0, 12_587_577)).is(Reply.INVALID_PARMS);
      client.call(read(inode, 12_587_576, 1)).is(Reply.INVALID_PARMS);
      client.call(read(inode, 1L << 32, 1)).is(Reply.INVALID_PARMS);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void aReleaseMayNameNothingOrCarryAShortName_I17(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      client.call(Request.of(Request.RELEASE_VDI, 0, 0)).is(Reply.SUCCESS);
      client.call(Request.of(Request.RELEASE_VDI, 0, 0).u32(24, vid)).is(Reply.SUCCESS);
      byte[] shortName = {'v', 'm', '1', 0};
      client.call(Request.with(Request.RELEASE_VDI, 0, shortName)).is(Reply.SUCCESS);
      client.call(creation(vid, 0, (byte) 5)).is(Reply.SUCCESS);
      client.call(Request.with(Request.RELEASE_VDI, 0, shortName).u32(24, vid)).is(Reply.SUCCESS);
      assertEquals(5, sheep.store.bytes(new ObjectId(Request.data(vid, 0))).orElseThrow()[0]);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void requestsAreSentAheadWithoutLimit(Sheep.Way way) throws IOException {
    int count = 3000;
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      client.call(creation(vid, 0, (byte) 1).id(count)).is(Reply.SUCCESS);
      Thread sender =
          Thread.ofVirtual()
              .unstarted(() -> {
                try {
                  for (int id = 0; id < count; id++) {
                    client.sendBytes(ahead(vid, id).bytes());
                  }
                } catch (IOException lost) {
                  throw new AssertionError(lost);
                }
              });
      for (int id = 0; id < count; id++) {
        client.expect(ahead(vid, id));
      }
      sender.start();
      Set<Integer> answered = new HashSet<>();
      for (int i = 0; i < count; i++) {
        answered.add(client.receive().is(Reply.SUCCESS).request().id());
      }
      assertEquals(count, answered.size());
    }
  }

  private static Request ahead(int vid, int id) {
    return switch (id % 3) {
      case 0 ->
          Request.with(Request.WRITE, Request.F_CACHE, new byte[512])
              .object(Request.data(vid, 0), 512L * id % Request.OBJECT)
              .id(id);
      case 1 -> read(Request.data(vid, 0), 0, 4096).id(id);
      default -> read(Request.inode(vid), 0, Request.HEADER).id(id);
    };
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void aFlushThatFailsIsNeverTheWordForNoCache_I2_I3(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      Request flush =
          Request.of(Request.FLUSH_VDI, Request.F_CACHE, 0).object(Request.inode(vid), 0);
      Request again =
          Request.with(Request.WRITE, Request.F_CACHE, new byte[0]).object(Request.inode(vid), 0);
      if (way.cached()) {
        client.call(flush).is(Reply.SUCCESS);
        client.call(creation(vid, 0, (byte) 4)).is(Reply.SUCCESS);
        try (Faults.Ended _ = sheep.store.faults().fail(StoreCall.FLUSH, _ -> true)) {
          client.call(flush).is(Reply.EIO);
          client.call(again).is(Reply.EIO);
        }
        assertArrayEquals(
            new byte[] {4}, client.call(read(Request.data(vid, 0), 0, 1)).is(0).data());
        client.call(flush).is(Reply.SUCCESS);
      } else {
        client.call(flush).is(Reply.INVALID_PARMS);
      }
      client.call(again).is(Reply.SUCCESS);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void whatCannotBeIsTheClientsFaultAndNoNews(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory);
        Client client = new Client(sheep)) {
      int vid = OneDisk.in(sheep);
      for (int owner : new int[] {vid + 1, 0x7fffffff, -1, 1 << 24}) {
        client.call(entry(vid, 0, owner)).is(Reply.INVALID_PARMS);
      }
      client
          .call(
              Request.with(Request.CREATE, Request.F_CACHE, new byte[1])
                  .object(Request.inode(vid), 0))
          .is(Reply.INVALID_PARMS);
      client.call(creation(vid, 1 << 20, (byte) 1)).is(Reply.INVALID_PARMS);
      Request copy =
          Request.with(Request.CREATE, Request.F_CACHE | Request.F_COW, new byte[1])
              .object(Request.data(vid, 0), 0);
      client.call(copy.copyOf(Request.data(vid, 77))).is(Reply.NO_OBJ);
      client
          .call(Request.of(Request.FLUSH_VDI, Request.F_CACHE, 0).object(Request.inode(vid), 0))
          .is(way.cached() ? Reply.SUCCESS : Reply.INVALID_PARMS);
      client.call(Request.with(Request.READ_VDIS, 0, new byte[0])).is(Reply.INVALID_PARMS);
      client.call(Request.with(Request.READ_VDIS, 0, new byte[600])).is(Reply.INVALID_PARMS);
      client.call(Request.of(Request.READ_VDIS, 0, Request.BITMAP)).is(Reply.SUCCESS);
      assertEquals(List.of(), sheep.log.messages(Level.ERROR));
    }
  }

  private static Request entry(int vid, int index, int owner) {
    byte[] bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(owner).array();
    return Request.with(Request.WRITE, Request.F_DIRECT, bytes)
        .object(Request.inode(vid), Request.entry(index));
  }

  @ParameterizedTest
  @MethodSource("dev.kelpie.client.OneDisk#ways")
  void dogListsSnapshotsAndDeletes(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = OneDisk.in(sheep);
      try (Client dog = new Client(sheep)) {
        dog.call(creation(vid, 3, (byte) 1)).is(Reply.SUCCESS);
        dog.call(entry(vid, 3, vid)).is(Reply.SUCCESS);
        Request tag =
            Request.with(Request.WRITE, 0, Request.text(256, "t1", ""))
                .object(Request.inode(vid), 256);
        dog.call(tag.protocol(2)).is(Reply.SUCCESS);
        Request snapshot =
            Request.with(Request.NEW_VDI, 0, Request.text(256, NAME, "")).u64(16, SIZE);
        int tip = dog.call(snapshot.u32(24, vid).u32(32, 1).protocol(2)).is(Reply.SUCCESS).vid();
        byte[] used = dog.call(Request.of(Request.READ_VDIS, 0, Request.BITMAP)).data();
        for (int id : new int[] {vid, tip}) {
          assertTrue((used[id / 8] & (1 << (id % 8))) != 0, "its bit");
          Request header =
              Request.of(Request.READ, Request.F_DIRECT, 4672).object(Request.inode(id), 0);
          assertEquals('v', dog.call(header.protocol(2)).is(Reply.SUCCESS).data()[0]);
        }
        assertEquals(vid, lookup(dog, "t1", 0).is(Reply.SUCCESS).vid());
        assertEquals(vid, lookup(dog, "", 1).is(Reply.SUCCESS).vid());
        assertEquals(tip, lookup(dog, "", 0).is(Reply.SUCCESS).vid());
        lookup(dog, "t2", 0).is(Reply.NO_TAG);
        Request made = Request.with(Request.NEW_VDI, 0, Request.text(256, NAME, ""));
        dog.call(made.u64(16, SIZE)).is(Reply.VDI_EXIST);
        delete(dog, tip, "", 0);
        lookup(dog, "", 0).is(Reply.NO_VDI);
        delete(dog, vid, "t1", 0);
        lookup(dog, "t1", 0).is(Reply.NO_VDI);
      }
    }
  }

  private static Reply lookup(Client dog, String tag, int snapshot) throws IOException {
    Request request = Request.with(Request.GET_VDI_INFO, 0, Request.text(512, NAME, tag));
    return dog.call(request.u32(32, snapshot).protocol(2));
  }

  private static void delete(Client dog, int vid, String tag, int snapshot) throws IOException {
    dog.call(Request.of(Request.DELETE_CACHE, 0, 0).object(Request.inode(vid), 0).protocol(9));
    Request zeros =
        Request.with(Request.WRITE, 0, new byte[4 * 128])
            .object(Request.inode(vid), Request.entry(0));
    dog.call(zeros.protocol(2)).is(Reply.SUCCESS);
    Request request = Request.with(Request.DEL_VDI, 0, Request.text(512, NAME, tag));
    dog.call(request.u32(32, snapshot).protocol(2)).is(Reply.SUCCESS);
  }
}
