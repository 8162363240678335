package dev.kelpie.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.Version;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PeerHello;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A node that asks another one, which is the test and does as it likes.
final class PeersTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 1);
  private static final Claim CLAIM = new Claim(Slots.of(OBJECT), 5);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(20);

  private static final PeerConfig CONFIG =
      new PeerConfig(SHORT, SHORT, LONG, LONG, LONG, 64L << 20);

  private final TestPlatform test = new TestPlatform(new MemoryDisk());
  private final Platform platform = test.platform();
  private final Network.Listener listener = listen();
  private final String name = listener.at().toString();
  private final Peers peers =
      new Peers(platform, CONFIG, new PeerSelf("127.0.0.1:1", () -> 77, Optional.empty()));
  private final Copies copies = peers.copies(name);
  private final ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor();

  private Network.Listener listen() {
    try {
      return platform.network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws IOException {
    peers.close();
    listener.close();
    tasks.close();
    test.assertNoFailures();
  }

  /// The other end of a connection.
  private final class Other implements AutoCloseable {
    private final Network.Connection connection;
    private final PeerHello hello;

    Other() throws IOException {
      connection = listener.accept();
      RequestHeader header = RequestHeader.decode(receive(RequestHeader.SIZE));
      assertEquals(Opcode.PEER_HELLO.number(), header.opcodeNumber());
      hello = PeerHello.decode(receive(header.payloadBytes()));
      assertEquals(name, hello.to());
      assertEquals("127.0.0.1:1", hello.from());
      assertEquals(77, hello.cluster());
    }

    /// Answers the introduction.
    Other answer(ResultCode result, PeerHello answer) throws IOException {
      int length = result == ResultCode.SUCCESS ? PeerHello.SIZE : 0;
      ByteBuffer bytes =
          ByteBuffer.allocate(ResponseHeader.SIZE + length).order(ByteOrder.LITTLE_ENDIAN);
      RequestHeader asked = RequestHeader.of(Opcode.PEER_HELLO, 0, 0, RequestFields.NONE);
      ResponseHeader.answering(asked, 1, result, length, ResponseFields.NONE).encode(bytes);
      if (length > 0) {
        answer.encode(bytes);
      }
      connection.write(bytes.flip());
      return this;
    }

    Other grant() throws IOException {
      return answer(ResultCode.SUCCESS, welcome(1, 77, name));
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

    Frame next() throws IOException {
      Frame frame = Frame.decode(receive(Frame.SIZE));
      ByteBuffer _ = receive(frame.length());
      return frame;
    }

    void send(byte[] bytes) throws IOException {
      connection.write(ByteBuffer.wrap(bytes));
    }

    /// Answers a request for a version.
    void version(Frame asked, long count) throws IOException {
      BodyWriter body = new BodyWriter().version(new Version(1, count));
      send(bytes(Frame.of(Failures.DONE, asked.id(), body.parts())));
    }

    boolean isGivenUp() {
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

  private PeerHello welcome(int version, long cluster, String from) {
    return new PeerHello(version, version, 1, 0, cluster, 0, 0, from, "127.0.0.1:1");
  }

  private static byte[] bytes(List<ByteBuffer> parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ByteBuffer part : parts) {
      byte[] some = new byte[part.remaining()];
      part.duplicate().get(some);
      out.writeBytes(some);
    }
    return out.toByteArray();
  }

  private Future<Version> ask() {
    Callable<Version> question = () -> copies.version(CLAIM, OBJECT);
    return tasks.submit(question);
  }

  private static String failure(Future<?> asked) {
    ExecutionException failure = assertThrows(ExecutionException.class, asked::get);
    return String.valueOf(failure.getCause());
  }

  @Test
  void answersMayComeInAnyOrder() throws Exception {
    Future<Version> one = ask();
    try (Other other = new Other().grant()) {
      Frame first = other.next();
      Future<Version> two = ask();
      Frame second = other.next();
      other.version(second, 2);
      assertEquals(new Version(1, 2), two.get());
      other.version(first, 1);
      assertEquals(new Version(1, 1), one.get());
    }
  }

  @Test
  void requestThatIsNotAnsweredTakesTheConnectionWithItAndTheNextOneHasAHigherNumber()
      throws Exception {
    Future<Version> one = ask();
    try (Other other = new Other().grant()) {
      Frame _ = other.next();
      String failure = failure(one);
      assertTrue(failure.contains(name) && failure.contains("in time"), failure);
      assertTrue(other.isGivenUp());
      Future<Version> two = ask();
      try (Other next = new Other().grant()) {
        assertEquals(other.hello.number() + 1, next.hello.number());
        assertEquals(other.hello.life(), next.hello.life());
        next.version(next.next(), 9);
        assertEquals(new Version(1, 9), two.get());
      }
    }
  }

  @Test
  void answersThatCannotBeTakeTheConnectionWithThem() throws Exception {
    byte[] toNothing = bytes(Frame.of(Failures.DONE, 12345, List.of()));
    byte[] noise = new byte[Frame.SIZE];
    for (byte[] answer : List.of(toNothing, noise)) {
      Future<Version> one = ask();
      try (Other other = new Other().grant()) {
        Frame _ = other.next();
        other.send(answer);
        assertTrue(failure(one).contains("lost"));
        assertTrue(other.isGivenUp());
      }
    }
    for (int length : new int[] {0, 15, 17, 400}) {
      Future<Version> one = ask();
      try (Other other = new Other().grant()) {
        Frame asked = other.next();
        other.send(
            bytes(Frame.of(Failures.DONE, asked.id(), List.of(ByteBuffer.wrap(new byte[length])))));
        assertTrue(failure(one).length() > 0);
        assertTrue(other.isGivenUp());
      }
    }
    Future<Version> one = ask();
    try (Other other = new Other().grant()) {
      Frame asked = other.next();
      byte[] answer =
          bytes(Frame.of(Failures.DONE, asked.id(), List.of(ByteBuffer.wrap(new byte[16]))));
      answer[Frame.SIZE + 3] ^= 4;
      other.send(answer);
      assertTrue(failure(one).contains("damaged"));
      assertTrue(other.isGivenUp());
    }
  }

  @Test
  void nodesThatAreNotMeantAreNotAsked() throws Exception {
    List<PeerHello> wrong =
        List.of(welcome(2, 77, name), welcome(1, 78, name), welcome(1, 77, "127.0.0.1:9"));
    for (PeerHello answer : wrong) {
      Future<Version> one = ask();
      try (Other other = new Other().answer(ResultCode.SUCCESS, answer)) {
        assertTrue(failure(one).contains("cannot be reached"));
        assertTrue(other.isGivenUp());
      }
    }
    Future<Version> one = ask();
    try (Other other = new Other().answer(ResultCode.NO_SUPPORT, welcome(1, 77, name))) {
      assertTrue(failure(one).contains(ResultCode.NO_SUPPORT.text()));
      assertTrue(other.isGivenUp());
    }
  }

  @Test
  void nodeThatDoesNotIntroduceItselfIsGivenUp() throws Exception {
    Future<Version> one = ask();
    try (Other other = new Other()) {
      assertTrue(failure(one).contains("cannot be reached"));
      assertTrue(other.isGivenUp());
    }
  }

  @Test
  void nodeThatReadsNothingIsGivenUpAndTheCallersBytesAreTheirsAgain() throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(OBJECT.size());
    Step step = new Step(Step.Kind.WRITE, List.of(new Extent(0, bytes)), VDI, Durability.DEFERRED);
    Version version = new Version(1, 1);
    Callable<Copies.Result> question = () -> copies.change(CLAIM, OBJECT, version, version, step);
    List<Future<Copies.Result>> asked =
        List.of(tasks.submit(question), tasks.submit(question), tasks.submit(question));
    try (Other _ = new Other().grant()) {
      for (Future<Copies.Result> one : asked) {
        assertTrue(failure(one).contains(name));
      }
    }
    assertEquals(0, bytes.position());
  }

  @Test
  void nobodyWaitsForANodeThatIsDown() throws Exception {
    Callable<Boolean> question =
        () -> {
          copies.flushAll(CLAIM);
          return true;
        };
    Future<Boolean> one = tasks.submit(question);
    try (Other other = new Other().grant()) {
      Frame _ = other.next();
      peers.down(name);
      assertTrue(failure(one).contains("down"));
      assertTrue(other.isGivenUp());
    }
    Future<Boolean> two = tasks.submit(question);
    try (Other other = new Other().grant()) {
      Frame _ = other.next();
      peers.close();
      assertTrue(failure(two).contains("stops"));
    }
    assertTrue(failure(tasks.submit(question)).contains("any more"));
  }

  @Test
  void namesThatAreNoAddressesAreRefused() {
    for (String odd : List.of("", "x", "localhost:7000", "1.2.3.4", "1.2.3.4:x", "1.2.3.4:99999")) {
      assertThrows(IOException.class, () -> peers.copies(odd).flushAll(CLAIM), odd);
    }
    assertThrows(IOException.class, () -> peers.copies("::1:1").flushAll(CLAIM));
  }
}
