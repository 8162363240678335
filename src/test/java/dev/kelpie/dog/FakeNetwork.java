package dev.kelpie.dog;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// Connects to sheep in memory, by port. Answers wait until they are read, and then come in an
/// order that a seed decides. Sheep answer while bytes are written to them, so no thread is needed.
final class FakeNetwork implements Network {
  private static final int CHUNK = 1000;

  private final Map<Integer, FakeSheep> sheep = new HashMap<>();
  private final Random random;
  private int connections;
  private int mostWaiting;

  /// How many requests are answered before the connection is cut; the next finds it closed.
  int answersLeft = Integer.MAX_VALUE;

  /// What a read gives once the connection is cut: nothing for a clean end of the stream.
  Optional<IOException> cut = Optional.empty();

  /// Whose answers are late.
  Optional<Opcode> slow = Optional.empty();

  /// How many others are answered before a late one.
  int answersBeforeSlow;

  /// What the next write gives.
  Optional<IOException> writeFailure = Optional.empty();

  FakeNetwork(long seed) {
    random = new Random(seed);
  }

  void listen(int port, FakeSheep at) {
    sheep.put(port, at);
  }

  /// The most requests that waited for their answers at one time.
  int mostWaiting() {
    return mostWaiting;
  }

  void unplug(int port) {
    sheep.remove(port);
  }

  int connections() {
    return connections;
  }

  @Override
  public Listener listen(Endpoint at) {
    throw new AssertionError("the admin program does not listen");
  }

  @Override
  public Connection connect(Endpoint to, Duration limit) throws IOException {
    connections++;
    Endpoint.Tcp tcp = (Endpoint.Tcp) to;
    FakeSheep target = sheep.get(tcp.port());
    if (target == null) {
      throw new ConnectException("Connection refused");
    }
    return new FakeConnection(target, to);
  }

  private final class FakeConnection implements Connection {
    private final FakeSheep target;
    private final Endpoint peer;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final List<FakeSheep.Answer> waiting = new ArrayList<>();
    private final Deque<FakeSheep.Answer> late = new ArrayDeque<>();
    private final Deque<ByteBuffer> sending = new ArrayDeque<>();
    private int answersSinceLate;
    private boolean closed;

    FakeConnection(FakeSheep target, Endpoint peer) {
      this.target = target;
      this.peer = peer;
    }

    @Override
    public Endpoint peer() {
      return peer;
    }

    @Override
    public boolean unread() {
      return !closed && (!sending.isEmpty() || !waiting.isEmpty() || !late.isEmpty());
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
      if (closed) {
        throw new AssertionError("written after it was closed");
      }
      if (writeFailure.isPresent()) {
        throw writeFailure.get();
      }
      for (ByteBuffer part : from) {
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        received.write(bytes);
      }
      takeRequests();
    }

    private void takeRequests() {
      ByteBuffer bytes = ByteBuffer.wrap(received.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
      received.reset();
      while (bytes.remaining() >= RequestHeader.SIZE) {
        int start = bytes.position();
        RequestHeader header = RequestHeader.decode(bytes);
        if (bytes.remaining() < header.payloadBytes()) {
          bytes.position(start);
          break;
        }
        byte[] payload = new byte[header.payloadBytes()];
        bytes.get(payload);
        FakeSheep.Answer answer = target.answer(header, payload);
        if (slow.isPresent() && slow.equals(header.opcode())) {
          late.add(answer);
          answersSinceLate = 0;
        } else {
          waiting.add(answer);
        }
        mostWaiting = Math.max(mostWaiting, waiting.size());
      }
      received.write(bytes.array(), bytes.position(), bytes.remaining());
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      if (sending.isEmpty() && !sendOne()) {
        if (cut.isPresent()) {
          throw cut.get();
        }
        return -1;
      }
      ByteBuffer from = sending.getFirst();
      int count = Math.min(Math.min(into.remaining(), from.remaining()), CHUNK);
      into.put(from.slice(from.position(), count));
      from.position(from.position() + count);
      if (!from.hasRemaining()) {
        sending.removeFirst();
      }
      return count;
    }

    private boolean sendOne() {
      if (waiting.isEmpty() && late.isEmpty()) {
        throw new AssertionError("waits for an answer to nothing");
      }
      if (answersLeft-- <= 0) {
        return false;
      }
      FakeSheep.Answer answer = next();
      ByteBuffer header = ByteBuffer.allocate(ResponseHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);
      answer.header().encode(header);
      sending.add(header.flip());
      if (answer.data().length > 0) {
        sending.add(ByteBuffer.wrap(answer.data()));
      }
      return true;
    }

    private FakeSheep.Answer next() {
      if (!late.isEmpty() && (waiting.isEmpty() || answersSinceLate >= answersBeforeSlow)) {
        return late.removeFirst();
      }
      answersSinceLate++;
      return waiting.remove(random.nextInt(waiting.size()));
    }

    @Override
    public void shutdownOutput() {
      throw new AssertionError("the admin program does not end one side");
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
