package dev.kelpie.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/// QEMU's driver with one image open, as far as it goes over the wire (spec §2.1).
final class Qemu implements AutoCloseable {
  /// Releases between which the wire differs.
  enum Release {
    V1_7,
    V2_4,
    V5,
    V6
  }

  /// What one guest request does to one object, or a barrier.
  enum Kind {
    READ,
    WRITE,
    FLUSH,
    DISCARD,
    /// Entries of the map.
    MAP
  }

  /// A request in flight, as the driver keeps it to send it again.
  private static final class Job {
    final Kind kind;
    final int index;
    final int offset;
    final byte[] bytes;
    private int id;
    private boolean creates;
    private boolean again;

    Job(Kind kind, int index, int offset, byte[] bytes) {
      this.kind = kind;
      this.index = index;
      this.offset = offset;
      this.bytes = bytes;
    }
  }

  private final Sheep sheep;
  private final Release release;
  private final String name;
  private final BooleanSupplier cuts;
  private Client main;
  private ByteBuffer inode = ByteBuffer.allocate(0);
  private int vid;
  private int flag = Request.F_CACHE;
  private int ids;
  private int firstNew = Integer.MAX_VALUE;
  private int lastNew = -1;

  /// Opens an image with `cache=writeback`.
  ///
  /// @param cuts asked whenever the driver waits: whether the connection is lost now
  Qemu(Sheep sheep, Release release, String name, BooleanSupplier cuts) throws IOException {
    this.sheep = sheep;
    this.release = release;
    this.name = name;
    this.cuts = cuts;
    this.main = new Client(sheep);
    this.vid = named(Request.LOCK_VDI, "", 0).is(Reply.SUCCESS).vid();
    readInode();
  }

  /// `qemu-img create`.
  static int create(Sheep sheep, Release release, String name, long size, int base)
      throws IOException {
    if (release.compareTo(Release.V2_4) >= 0) {
      Client.alone(sheep, Request.of(Request.GET_CLUSTER_DEFAULT, 0, 0).protocol(1))
          .is(Reply.INVALID_PARMS);
    }
    return Client.alone(sheep, making(name, size, base, 0).u8(31, 22)).is(Reply.SUCCESS).vid();
  }

  private static Request making(String name, long size, int base, int snapshot) {
    return Request.with(Request.NEW_VDI, 0, Request.text(256, name, ""))
        .u64(16, size)
        .u32(24, base)
        .u32(32, snapshot);
  }

  /// A request by name on a connection of its own, which closes at once.
  private Reply named(int opcode, String tag, int snapshot) throws IOException {
    Request request = Request.with(opcode, 0, Request.text(512, name, tag)).u32(32, snapshot);
    return Client.alone(sheep, request.protocol(1));
  }

  private void readInode() throws IOException {
    Request request = Request.of(Request.READ, flag, Request.INODE).object(Request.inode(vid), 0);
    byte[] bytes = Client.alone(sheep, request).is(Reply.SUCCESS).data();
    inode = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(vid, inode.getInt(560), "the inode names itself");
    assertTrue(inode.get(554) > 0, "copies of the inode");
  }

  int vid() {
    return vid;
  }

  /// Whether flushes are sent: until one is answered with INVALID_PARMS.
  boolean caches() {
    return flag == Request.F_CACHE;
  }

  int entry(int index) {
    return inode.getInt(Request.entry(index));
  }

  long size() {
    return inode.getLong(536);
  }

  // Guest requests. Those of one batch do not overlap.

  /// Writes to an object each, all at once, and then the map.
  void write(Map<Integer, Map.Entry<Integer, byte[]>> pieces) throws IOException {
    List<Job> jobs = new ArrayList<>();
    pieces.forEach(
        (index, piece) -> jobs.add(new Job(Kind.WRITE, index, piece.getKey(), piece.getValue())));
    run(jobs);
    if (lastNew >= 0) {
      Job map = new Job(Kind.MAP, firstNew, 0, new byte[4 * (lastNew - firstNew + 1)]);
      firstNew = Integer.MAX_VALUE;
      lastNew = -1;
      run(List.of(map));
    }
  }

  void write(int index, int offset, byte... bytes) throws IOException {
    write(Map.of(index, Map.entry(offset, bytes)));
  }

  byte[] read(int index, int offset, int length) throws IOException {
    Job job = new Job(Kind.READ, index, offset, new byte[length]);
    if (entry(index) != 0) {
      run(List.of(job));
    }
    return job.bytes;
  }

  void flush() throws IOException {
    if (caches()) {
      run(List.of(new Job(Kind.FLUSH, 0, 0, new byte[0])));
    }
  }

  /// Only whole objects that are there.
  void discard(int index) throws IOException {
    if (entry(index) == 0) {
      return;
    }
    if (release == Release.V1_7) {
      run(List.of(new Job(Kind.DISCARD, index, 0, new byte[0])));
    }
    inode.putInt(Request.entry(index), 0);
    if (release != Release.V1_7) {
      run(List.of(new Job(Kind.MAP, index, 0, new byte[4])));
    }
  }

  private void run(List<Job> jobs) throws IOException {
    Map<Integer, Job> flying = new LinkedHashMap<>();
    for (Job job : jobs) {
      start(job, flying);
    }
    while (!flying.isEmpty()) {
      if (cuts.getAsBoolean()) {
        reconnect(flying);
      }
      Reply reply = main.receive();
      Job job = Objects.requireNonNull(flying.remove(reply.request().id()));
      end(job, reply);
      if (job.creates && release == Release.V2_4) {
        start(new Job(Kind.MAP, job.index, 0, new byte[4]), flying);
      }
    }
  }

  private void start(Job job, Map<Integer, Job> flying) throws IOException {
    job.id = ids++;
    flying.put(job.id, job);
    main.send(request(job));
  }

  /// A new connection, and everything again on it with the same ids, the oldest first. The old one
  /// may be lost in the middle of a request.
  private void reconnect(Map<Integer, Job> flying) throws IOException {
    byte[] half = Request.with(Request.WRITE, flag, new byte[100]).bytes();
    main.sendBytes(Arrays.copyOf(half, ids % half.length));
    main.close();
    main = new Client(sheep);
    for (Job job : flying.values()) {
      job.again = true;
      main.send(request(job));
    }
  }

  private Request request(Job job) {
    long map = Request.inode(vid);
    Request request =
        switch (job.kind) {
          case READ ->
              Request.of(Request.READ, flag, job.bytes.length)
                  .object(Request.data(entry(job.index), job.index), job.offset);
          case WRITE -> writing(job);
          case FLUSH ->
              job.again
                  ? Request.with(Request.WRITE, flag, new byte[0]).object(map, 0)
                  : Request.of(Request.FLUSH_VDI, flag, 0).object(map, 0);
          case DISCARD ->
              Request.of(Request.DISCARD, flag, Request.OBJECT)
                  .object(Request.data(entry(job.index), job.index), 0);
          case MAP -> {
            byte[] entries = new byte[job.bytes.length];
            inode.get(Request.entry(job.index), entries);
            yield Request.with(Request.WRITE, flag, entries).object(map, Request.entry(job.index));
          }
        };
    return request.id(job.id).u8(32, inode.get(554));
  }

  private Request writing(Job job) {
    int owner = entry(job.index);
    job.creates = owner != vid;
    int copy = job.creates && owner != 0 ? Request.F_COW : 0;
    return Request.with(job.creates ? Request.CREATE : Request.WRITE, flag | copy, job.bytes)
        .object(Request.data(vid, job.index), job.offset)
        .copyOf(copy != 0 ? Request.data(owner, job.index) : 0);
  }

  private void end(Job job, Reply reply) {
    if (job.kind == Kind.FLUSH && reply.result() == Reply.INVALID_PARMS) {
      assertTrue(!job.again, "a flush as a write is not refused");
      flag = Request.F_DIRECT;
      return;
    }
    reply.is(Reply.SUCCESS);
    if (job.kind == Kind.READ) {
      System.arraycopy(reply.data(), 0, job.bytes, 0, job.bytes.length);
    } else if (job.creates) {
      inode.putInt(Request.entry(job.index), vid);
      if (release != Release.V2_4) {
        firstNew = Math.min(firstNew, job.index);
        lastNew = Math.max(lastNew, job.index);
      }
    }
  }

  // Monitor commands.

  private void writeHeader() throws IOException {
    byte[] header = new byte[Request.HEADER];
    inode.get(0, header);
    Client.alone(sheep, Request.with(Request.WRITE, flag, header).object(Request.inode(vid), 0))
        .is(Reply.SUCCESS);
  }

  void resize(long size) throws IOException {
    inode.putLong(536, size);
    writeHeader();
  }

  /// `savevm`.
  void snapshot(String tag) throws IOException {
    flush();
    saveState();
    inode.put(256, Request.text(256, tag, ""));
    inode.putLong(528, 77).putLong(544, 5000);
    writeHeader();
    Request making = making(name, size(), vid, 1).u8(28, inode.get(554)).u8(29, inode.get(552));
    vid = Client.alone(sheep, making).is(Reply.SUCCESS).vid();
    inode.put(0, header(vid));
  }

  private byte[] header(int of) throws IOException {
    Request request = Request.of(Request.READ, flag, Request.HEADER).object(Request.inode(of), 0);
    return Client.alone(sheep, request).is(Reply.SUCCESS).data();
  }

  private void saveState() throws IOException {
    try (Client state = new Client(sheep)) {
      for (int at = 0; at < 5000; at += 2500) {
        Request piece =
            Request.with(at == 0 ? Request.CREATE : Request.WRITE, flag, state(at))
                .object(Request.vmState(vid, 0), at);
        state.call(piece).is(Reply.SUCCESS);
      }
    }
  }

  private static byte[] state(int at) {
    byte[] bytes = new byte[2500];
    Arrays.fill(bytes, (byte) (at + 1));
    return bytes;
  }

  /// `loadvm`: the snapshot's inode, and a branch of it that is the working VDI from now on.
  void load(String tag) throws IOException {
    int snapshot = named(Request.GET_VDI_INFO, tag, 0).is(Reply.SUCCESS).vid();
    byte[] name256 = Request.text(256, name, "");
    Reply deleted =
        Client.alone(sheep, Request.with(Request.DEL_VDI, 0, name256).u32(24, snapshot));
    assertTrue(deleted.result() == Reply.SUCCESS || deleted.result() == Reply.NO_VDI);
    vid = Client.alone(sheep, making(name, size(), snapshot, 0)).is(Reply.SUCCESS).vid();
    readInode();
    assertEquals(snapshot, inode.getInt(564), "the parent");
    for (int at = 0; at < 5000; at += 2500) {
      Request piece = Request.of(Request.READ, flag, 2500).object(Request.vmState(snapshot, 0), at);
      assertArrayEquals(state(at), Client.alone(sheep, piece).is(Reply.SUCCESS).data());
    }
  }

  /// The tags of the image's snapshots, found as the driver finds them.
  List<String> snapshots() throws IOException {
    byte[] used = Client.alone(sheep, Request.of(Request.READ_VDIS, 0, Request.BITMAP)).data();
    List<String> tags = new ArrayList<>();
    for (int id = hash(name); (used[id / 8] & (1 << (id % 8))) != 0; id = (id + 1) & 0xffffff) {
      ByteBuffer header = ByteBuffer.wrap(header(id)).order(ByteOrder.LITTLE_ENDIAN);
      if (header.getLong(520) != 0 && text(header, 0).equals(name)) {
        tags.add(text(header, 256));
      }
    }
    return tags;
  }

  private static String text(ByteBuffer from, int at) {
    StringBuilder text = new StringBuilder();
    for (int i = at; i < at + 256 && from.get(i) != 0; i++) {
      text.append((char) from.get(i));
    }
    return text.toString();
  }

  /// FNV-1a over the name, the low 24 bits (spec §1.13).
  static int hash(String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return (int) (hash & 0xffffff);
  }

  /// Closes the image.
  @Override
  public void close() throws IOException {
    main.close();
    byte[] payload = Arrays.copyOf(name.getBytes(UTF_8), name.length() + 1);
    Client.alone(sheep, Request.with(Request.RELEASE_VDI, 0, payload).u32(24, vid))
        .is(Reply.SUCCESS);
  }
}
