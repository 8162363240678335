package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What tgt sends (spec §2.2): id 0 always, one request at a time on each of its threads' sockets,
/// and a flush on another than the writes came through.
@Timeout(120)
final class TgtTest {
  private static final int TGT = Request.F_TGT;
  private static final int WRITE_BACK = Request.F_TGT | Request.F_CACHE;
  private static final String NAME = "lun";

  @TempDir Path directory;

  static List<Sheep.Way> ways() {
    return Sheep.Way.all();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aLunIsOpenedWrittenFlushedAndClosed(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = Qemu.create(sheep, Qemu.Release.V2_4, NAME, 4L * Request.OBJECT, 0);
      new Client(sheep).close();
      try (Client main = new Client(sheep);
          Client first = new Client(sheep);
          Client second = new Client(sheep)) {
        assertEquals(vid, lock(main));
        main.call(inode(vid, Request.INODE)).is(Reply.SUCCESS);
        first.call(inode(vid, 1)).is(Reply.SUCCESS);
        first.call(create(vid, 0, new byte[] {1, 2})).is(Reply.SUCCESS);
        first.call(entry(vid, 0, vid)).is(Reply.SUCCESS);
        second.call(overwrite(vid, 0, new byte[] {3})).is(Reply.SUCCESS);
        assertArrayEquals(new byte[] {3, 2}, first.call(read(vid, 0, 2)).data());
        second
            .call(Request.of(Request.FLUSH_VDI, 0, 0).object(Request.inode(vid), 0).protocol(1))
            .is(way.cached() ? Reply.SUCCESS : Reply.INVALID_PARMS);
        assertArrayEquals(
            new byte[] {3, 2}, stored(sheep, vid, 2), "what was flushed is behind the cache");
        main.call(Request.of(Request.RELEASE_VDI, 0, 0).u32(24, vid).u32(36, 1)).is(Reply.SUCCESS);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void afterASnapshotTheLunIsOpenedAnewAndCopied(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = Qemu.create(sheep, Qemu.Release.V2_4, NAME, 4L * Request.OBJECT, 0);
      try (Client thread = new Client(sheep)) {
        thread.call(create(vid, 0, new byte[] {1, 2})).is(Reply.SUCCESS);
        thread.call(entry(vid, 0, vid)).is(Reply.SUCCESS);
        Request snapshot =
            Request.with(Request.NEW_VDI, 0, Request.text(256, NAME, ""))
                .u64(16, 4L * Request.OBJECT)
                .u32(24, vid)
                .u32(32, 1);
        int tip = Client.alone(sheep, snapshot).is(Reply.SUCCESS).vid();
        thread.call(overwrite(vid, 0, new byte[] {9})).is(Reply.READONLY);
        assertEquals(tip, lock(thread));
        thread.call(inode(tip, Request.HEADER)).is(Reply.SUCCESS);
        Request copy =
            Request.with(Request.CREATE, WRITE_BACK | Request.F_COW, new byte[] {9})
                .object(Request.data(tip, 0), 0)
                .copyOf(Request.data(vid, 0));
        thread.call(copy.protocol(1)).is(Reply.SUCCESS);
        thread.call(entry(tip, 0, tip)).is(Reply.SUCCESS);
        assertArrayEquals(new byte[] {9, 2}, thread.call(read(tip, 0, 2)).data());
        assertArrayEquals(new byte[] {1, 2}, thread.call(read(vid, 0, 2)).data());
      }
    }
  }

  /// The buffer of a request holds the reply to it when the connection dies there, and is sent
  /// again with the payload behind it.
  @ParameterizedTest
  @MethodSource("ways")
  void aReplyThatIsSentAsARequestEndsTheConnection(Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int vid = Qemu.create(sheep, Qemu.Release.V2_4, NAME, 4L * Request.OBJECT, 0);
      byte[] payload = Request.of(Request.DEL_VDI, 0, 0).bytes();
      Request request = create(vid, 0, Arrays.copyOf(payload, 4096));
      Reply reply;
      try (Client lost = new Client(sheep)) {
        reply = lost.call(request).is(Reply.SUCCESS);
      }
      try (Client again = new Client(sheep)) {
        byte[] header = reply.header().array();
        byte[] both = Arrays.copyOf(header, header.length + 4096);
        System.arraycopy(payload, 0, both, header.length, payload.length);
        again.sendBytes(both); // at once: after the header the sheep may be gone
        again.assertHungUp();
      }
      try (Client thread = new Client(sheep)) {
        thread.call(request).is(Reply.SUCCESS);
        thread.call(inode(vid, 1)).is(Reply.SUCCESS);
      }
    }
  }

  private static int lock(Client client) throws IOException {
    Request lock =
        Request.with(Request.LOCK_VDI, 0, Request.text(512, NAME, "")).u32(36, 1).protocol(1);
    return client.call(lock).is(Reply.SUCCESS).vid();
  }

  private static Request inode(int vid, int length) {
    return Request.of(Request.READ, TGT, length).object(Request.inode(vid), 0).protocol(1);
  }

  private static Request read(int vid, int index, int length) {
    return Request.of(Request.READ, TGT, length).object(Request.data(vid, index), 0).protocol(1);
  }

  private static Request create(int vid, int index, byte[] bytes) {
    return Request.with(Request.CREATE, WRITE_BACK, bytes)
        .object(Request.data(vid, index), 0)
        .u8(32, 2)
        .protocol(1);
  }

  private static Request overwrite(int vid, int index, byte[] bytes) {
    return Request.with(Request.WRITE, WRITE_BACK, bytes)
        .object(Request.data(vid, index), 0)
        .protocol(1);
  }

  private static Request entry(int vid, int index, int owner) {
    byte[] bytes = ByteBuffer.allocate(4).putInt(Integer.reverseBytes(owner)).array();
    return Request.with(Request.WRITE, TGT, bytes)
        .object(Request.inode(vid), Request.entry(index))
        .protocol(1);
  }

  private static byte[] stored(Sheep sheep, int vid, int length) throws IOException {
    Request past =
        Request.of(Request.READ, Request.F_DIRECT, length).object(Request.data(vid, 0), 0);
    return Client.alone(sheep, past).is(Reply.SUCCESS).data();
  }
}
