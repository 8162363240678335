package dev.kelpie.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.PeerDoor;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.Primary;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.StoreNode;
import dev.kelpie.replica.Version;
import dev.kelpie.replica.Versioned;
import dev.kelpie.replica.Whole;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PeerHello;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A node's door for other nodes, on a loopback port, with callers that are up to no good.
final class PeerServerTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 1);
  private static final Claim CLAIM = new Claim(Slots.of(OBJECT), 5);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private static final PeerConfig CONFIG =
      new PeerConfig(Duration.ofSeconds(2), LIMIT, LIMIT, LIMIT, Duration.ofMillis(200), 64L << 20);

  private final TestPlatform test = new TestPlatform(new MemoryDisk());
  private final Platform platform = test.platform();
  private final RecordingLog log = new RecordingLog();
  private final FakeNode node = new FakeNode();
  private Optional<Rig> opened = Optional.empty();

  private record Rig(Endpoint at, String name, PeerServer server, PeerDoor door, Peers peers) {}

  /// Copies that have what a test says, and calls that wait for it.
  private static final class FakeNode implements Copies, StoreNode {
    final AtomicInteger versions = new AtomicInteger();
    final AtomicInteger settling = new AtomicInteger();
    volatile CountDownLatch settled = new CountDownLatch(0);
    volatile boolean buggy;

    @Override
    public List<Versioned> prepare(Claim claim) {
      return List.of(new Versioned(OBJECT, new Version(1, 2)));
    }

    @Override
    public Version version(Claim claim, ObjectId object) {
      if (buggy) {
        throw new IllegalStateException("a bug");
      }
      return new Version(claim.ballot(), versions.incrementAndGet());
    }

    @Override
    public Result change(Claim claim, ObjectId object, Version before, Version after, Step step) {
      return Result.DIFFERS;
    }

    @Override
    public Whole fetch(Claim claim, ObjectId object) {
      ByteBuffer bytes = ByteBuffer.allocate(object.size());
      bytes.put(100_000, (byte) 1);
      return new Whole(new Version(1, 1), Extent.withoutZeros(bytes));
    }

    @Override
    public Result replace(Claim claim, ObjectId object, Whole whole) {
      return Result.NO_SPACE;
    }

    @Override
    public void flush(Claim claim, VdiId vdi) {}

    @Override
    public void flushAll(Claim claim) {}

    @Override
    public Outcome read(Claim claim, ObjectId object, int offset, ByteBuffer into) {
      if (into.remaining() == 13) {
        return Outcome.NO_OBJECT;
      }
      for (int at = 0; into.hasRemaining(); at++) {
        into.put((byte) (at / (100 << 10) % 2 == 0 ? 0 : at));
      }
      return Outcome.DONE;
    }

    @Override
    public Outcome change(Claim claim, ObjectId object, Step step) {
      return Outcome.NO_SPACE;
    }

    @Override
    public Optional<ObjectStat> stat(Claim claim, ObjectId object) {
      return Optional.empty();
    }

    @Override
    public void flush(VdiId vdi, List<Primary.Deferred> deferred) throws IOException {
      throw new Primary.ChangesLost(deferred.getFirst().slot());
    }

    @Override
    public void settle(VdiId vdi) throws IOException {
      settling.incrementAndGet();
      try {
        settled.await();
      } catch (InterruptedException e) {
        throw new IOException("interrupted", e);
      } finally {
        settling.decrementAndGet();
      }
    }

    @Override
    public Listing list(VdiId vdi, List<Claim> claims) {
      BitSet slots = new BitSet();
      claims.forEach(claim -> slots.set(claim.slot()));
      return new Listing(slots, List.of(OBJECT));
    }
  }

  @BeforeEach
  void open() throws IOException {
    Network.Listener listener =
        platform.network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    String name = listener.at().toString();
    PeerServer server =
        new PeerServer(
            platform, log, CONFIG, new PeerSelf(name, () -> 1, Optional.empty()), node, node);
    PeerDoor door = new PeerDoor(platform, log, listener, Access.OPEN, server);
    Peers peers =
        new Peers(platform, CONFIG, new PeerSelf("127.0.0.1:1", () -> 1, Optional.empty()));
    opened = Optional.of(new Rig(listener.at(), name, server, door, peers));
  }

  @AfterEach
  void close() {
    rig().peers.close();
    node.settled.countDown();
    rig().door.close();
    assertEquals(0, rig().server.memoryUsed());
    assertEquals(0, rig().server.connections());
    test.assertNoFailures();
  }

  private Rig rig() {
    return opened.orElseThrow();
  }

  private Copies copies() {
    return rig().peers.copies(rig().name);
  }

  private StoreNode store() {
    return rig().peers.store(rig().name);
  }

  @Test
  void everyRequestHasItsAnswer() throws IOException {
    Copies copies = copies();
    assertEquals(List.of(new Versioned(OBJECT, new Version(1, 2))), copies.prepare(CLAIM));
    assertEquals(new Version(5, 1), copies.version(CLAIM, OBJECT));
    Step step = new Step(Step.Kind.REMOVE, List.of(), VDI, Durability.DURABLE);
    Version version = new Version(1, 1);
    assertEquals(Copies.Result.DIFFERS, copies.change(CLAIM, OBJECT, version, version, step));
    Whole whole = copies.fetch(CLAIM, OBJECT);
    assertEquals(1, whole.extents().size());
    assertEquals(64 << 10, whole.extents().getFirst().length());
    assertEquals(Copies.Result.NO_SPACE, copies.replace(CLAIM, OBJECT, whole));
    copies.flush(CLAIM, VDI);
    copies.flushAll(CLAIM);
    StoreNode store = store();
    for (int length : new int[] {0, 1, 100_000, OBJECT.size()}) {
      ByteBuffer read = ByteBuffer.allocate(length + 5).position(5);
      java.util.Arrays.fill(read.array(), (byte) 0x77);
      assertEquals(Outcome.DONE, store.read(CLAIM, OBJECT, 0, read));
      ByteBuffer expected = ByteBuffer.allocate(length);
      assertEquals(Outcome.DONE, node.read(CLAIM, OBJECT, 0, expected));
      assertEquals(expected.flip(), read.position(5));
      assertEquals(0x77, read.get(4));
    }
    assertEquals(Outcome.NO_OBJECT, store.read(CLAIM, OBJECT, 0, ByteBuffer.allocate(13)));
    assertEquals(Outcome.NO_SPACE, store.change(CLAIM, OBJECT, step));
    assertEquals(Optional.empty(), store.stat(CLAIM, OBJECT));
    assertThrows(
        Primary.ChangesLost.class, () -> store.flush(VDI, List.of(new Primary.Deferred(3, 1))));
    store.settle(VDI);
    StoreNode.Listing listing = store.list(VDI, List.of(CLAIM));
    assertTrue(listing.slots().get(CLAIM.slot()));
    assertEquals(List.of(OBJECT), listing.objects());
    assertEquals(2, rig().server.connections());
  }

  @Test
  void faultOfTheProgramIsAnsweredAndLogged() throws IOException {
    node.buggy = true;
    IOException told = assertThrows(IOException.class, () -> copies().version(CLAIM, OBJECT));
    assertTrue(String.valueOf(told.getMessage()).contains("fault"), told::toString);
    node.buggy = false;
    assertEquals(new Version(5, 1), copies().version(CLAIM, OBJECT));
    assertEquals(1, log.messages(Level.ERROR).size());
  }

  @Test
  void newConnectionWaitsUntilNothingOfTheOldOneIsUnderWay() throws Exception {
    assertEquals(Optional.empty(), store().stat(CLAIM, OBJECT));
    node.settled = new CountDownLatch(1);
    IOException late = assertThrows(IOException.class, () -> store().settle(VDI));
    assertTrue(String.valueOf(late.getMessage()).contains("in time"), late::toString);
    assertEquals(1, node.settling.get());
    IOException refused = assertThrows(IOException.class, () -> store().stat(CLAIM, OBJECT));
    assertTrue(String.valueOf(refused.getMessage()).contains("again"), refused::toString);
    assertEquals(new Version(5, 1), copies().version(CLAIM, OBJECT), "another purpose");
    node.settled.countDown();
    assertEquals(Optional.empty(), store().stat(CLAIM, OBJECT));
    assertEquals(0, node.settling.get());
  }

  // Callers by hand.

  private static PeerHello hello(String from, String to, long number) {
    return new PeerHello(1, 1, Purpose.COPIES.number(), 0, 1, 42, number, from, to);
  }

  private final class Caller implements AutoCloseable {
    private final Network.Connection connection;

    Caller() throws IOException {
      connection = platform.network().connect(rig().at, LIMIT);
    }

    ResultCode introduce(PeerHello hello) throws IOException {
      ByteBuffer request =
          ByteBuffer.allocate(RequestHeader.SIZE + PeerHello.SIZE).order(ByteOrder.LITTLE_ENDIAN);
      RequestHeader.of(
              Opcode.PEER_HELLO,
              RequestFlags.WRITE | RequestFlags.PIGGYBACK,
              PeerHello.SIZE,
              RequestFields.NONE)
          .encode(request);
      hello.encode(request);
      connection.write(request.flip());
      ResponseHeader reply = ResponseHeader.decode(receive(ResponseHeader.SIZE));
      ByteBuffer _ = receive(reply.dataLength());
      return ResultCode.of(reply.result()).orElseThrow();
    }

    ByteBuffer receive(int length) throws IOException {
      ByteBuffer into = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      while (into.hasRemaining()) {
        if (connection.read(into) < 0) {
          throw new EOFException();
        }
      }
      return into.flip();
    }

    void send(byte[] bytes) throws IOException {
      connection.write(ByteBuffer.wrap(bytes));
    }

    /// Sends a frame and takes the answer's code.
    int ask(int code, byte... body) throws IOException {
      send(frame(code, 1, body));
      Frame answer = Frame.decode(receive(Frame.SIZE));
      ByteBuffer _ = receive(answer.length());
      return answer.code();
    }

    boolean isEnded() {
      try {
        return connection.read(ByteBuffer.allocate(1)) < 0;
      } catch (IOException _) {
        return true;
      }
    }

    @Override
    public void close() throws IOException {
      connection.close();
    }
  }

  private static byte[] frame(int code, long id, byte... body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ByteBuffer part : Frame.of(code, id, List.of(ByteBuffer.wrap(body)))) {
      byte[] some = new byte[part.remaining()];
      part.get(some);
      out.writeBytes(some);
    }
    return out.toByteArray();
  }

  private static byte[] look() {
    BodyWriter to = new BodyWriter();
    new CopiesRequest.Look(CLAIM, OBJECT).encode(to);
    ByteBuffer fields = to.parts().getFirst();
    byte[] bytes = new byte[fields.remaining()];
    fields.get(bytes);
    return bytes;
  }

  @Test
  void strangersAreRefusedAndMayTryAgain() throws IOException {
    String name = rig().name;
    try (Caller caller = new Caller()) {
      PeerHello good = hello("a:1", name, 1);
      assertEquals(
          ResultCode.VER_MISMATCH,
          caller.introduce(new PeerHello(2, 9, 1, 0, 1, 1, 1, "a:1", name)));
      assertEquals(
          ResultCode.INVALID_CTIME,
          caller.introduce(new PeerHello(1, 1, 1, 0, 2, 1, 1, "a:1", name)));
      assertEquals(
          ResultCode.INVALID_PARMS,
          caller.introduce(new PeerHello(1, 1, 3, 0, 1, 1, 1, "a:1", name)));
      assertEquals(ResultCode.INVALID_PARMS, caller.introduce(hello("a:1", "b:1", 1)));
      assertEquals(ResultCode.INVALID_PARMS, caller.introduce(hello("", name, 1)));
      assertEquals(ResultCode.SUCCESS, caller.introduce(good));
      assertEquals(Failures.DONE, caller.ask(CopiesRequest.LOOK, look()));
    }
  }

  @Test
  void olderConnectionIsRefusedAndNewerOneEndsIt() throws IOException {
    try (Caller first = new Caller();
        Caller second = new Caller();
        Caller late = new Caller()) {
      assertEquals(ResultCode.SUCCESS, first.introduce(hello("a:1", rig().name, 3)));
      assertEquals(Failures.DONE, first.ask(CopiesRequest.LOOK, look()));
      assertEquals(ResultCode.SUCCESS, second.introduce(hello("a:1", rig().name, 4)));
      assertTrue(first.isEnded());
      assertEquals(ResultCode.AGAIN, late.introduce(hello("a:1", rig().name, 3)));
      assertEquals(Failures.DONE, second.ask(CopiesRequest.LOOK, look()));
      PeerHello reborn = new PeerHello(1, 1, 1, 0, 1, 43, 1, "a:1", rig().name);
      assertEquals(ResultCode.SUCCESS, late.introduce(reborn), "another life");
      assertTrue(second.isEnded());
    }
  }

  @Test
  void requestsThatCannotBeAreAnsweredAndTheConnectionStays() throws IOException {
    try (Caller caller = new Caller()) {
      assertEquals(ResultCode.SUCCESS, caller.introduce(hello("a:1", rig().name, 1)));
      assertEquals(Failures.UNKNOWN, caller.ask(999));
      assertEquals(Failures.UNKNOWN, caller.ask(StoreRequest.SETTLE, new byte[4]));
      assertEquals(Failures.MALFORMED, caller.ask(CopiesRequest.LOOK));
      assertEquals(Failures.MALFORMED, caller.ask(CopiesRequest.LOOK, new byte[20]));
      assertEquals(Failures.MALFORMED, caller.ask(CopiesRequest.LOOK, new byte[21]));
      assertEquals(Failures.DONE, caller.ask(CopiesRequest.LOOK, look()));
    }
    assertEquals(List.of(), log.messages(Level.WARN));
  }

  @Test
  void brokenFramesEndTheConnectionAndNothingElse() throws IOException {
    RandomGenerator chance = Seeds.generator("PeerServerTest");
    List<byte[]> broken = new ArrayList<>();
    byte[] whole = frame(CopiesRequest.LOOK, 1, look());
    for (int i = 0; i < 60; i++) {
      byte[] other = whole.clone();
      other[chance.nextInt(other.length)] ^= (byte) (1 << chance.nextInt(8));
      broken.add(other);
      byte[] noise = new byte[Frame.SIZE + chance.nextInt(200)];
      chance.nextBytes(noise);
      broken.add(noise);
    }
    int number = 1;
    for (byte[] bytes : broken) {
      try (Caller caller = new Caller()) {
        assertEquals(ResultCode.SUCCESS, caller.introduce(hello("a:1", rig().name, number)));
        number++;
        caller.send(bytes);
        assertTrue(caller.isEnded());
      }
    }
    assertEquals(0, node.versions.get(), "nothing damaged was carried out");
    assertEquals(new Version(5, 1), copies().version(CLAIM, OBJECT));
  }

  @Test
  void requestThatIsCutOffIsNotCarriedOut() throws IOException {
    byte[] whole = frame(CopiesRequest.LOOK, 1, look());
    for (int length = 0; length < whole.length; length++) {
      try (Caller caller = new Caller()) {
        assertEquals(ResultCode.SUCCESS, caller.introduce(hello("a:1", rig().name, length + 1)));
        caller.send(java.util.Arrays.copyOf(whole, length));
      }
    }
    assertEquals(new Version(5, 1), copies().version(CLAIM, OBJECT));
  }

  @Test
  void sheepdogClientsGoOnBesideNodes() throws IOException {
    try (Caller caller = new Caller()) {
      ByteBuffer bytes = ByteBuffer.allocate(RequestHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);
      RequestHeader.of(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE).encode(bytes);
      caller.send(bytes.array());
      ResponseHeader reply = ResponseHeader.decode(caller.receive(ResponseHeader.SIZE));
      assertTrue(reply.success());
      assertEquals(ResultCode.SUCCESS, caller.introduce(hello("a:1", rig().name, 1)));
      assertEquals(Failures.DONE, caller.ask(CopiesRequest.LOOK, look()));
    }
  }

  @Test
  void aCutNodeIsForgotten() throws IOException {
    try (Caller caller = new Caller()) {
      assertEquals(ResultCode.SUCCESS, caller.introduce(hello("a:1", rig().name, 1)));
    }
    Await.until("nobody is there", () -> rig().server.connections() == 0);
    assertFalse(rig().server.memoryIsShortFor(Duration.ZERO));
  }
}
