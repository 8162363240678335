package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// One connection to a sheep.
final class Client implements AutoCloseable {
  private static final int INPUT_SIZE = 64 << 10;

  private final SocketChannel channel;
  private int epoch;

  /// What has come and nobody has looked at yet.
  private final ByteBuffer input = ByteBuffer.allocate(INPUT_SIZE).limit(0);

  /// What was sent and not answered; clients that repeat an id count how often.
  private final Map<Integer, Request> open = new HashMap<>();

  private final Map<Integer, Integer> times = new HashMap<>();

  Client(Sheep sheep) throws IOException {
    this(sheep.at(), sheep.epoch());
  }

  /// Takes the epoch from the first reply; all others have to have the same.
  Client(SocketAddress at) throws IOException {
    this(at, 0);
  }

  Client(SocketAddress at, int epoch) throws IOException {
    this.channel = SocketChannel.open(at);
    this.epoch = epoch;
  }

  /// Sends on a connection of its own and waits for the reply, as QEMU does for what it waits for.
  static Reply alone(Sheep sheep, Request request) throws IOException {
    try (Client client = new Client(sheep)) {
      return client.call(request);
    }
  }

  void send(Request request) throws IOException {
    expect(request);
    sendBytes(request.bytes());
  }

  /// A reply to this may come; its bytes are sent by the caller.
  void expect(Request request) {
    open.put(request.id(), request);
    times.merge(request.id(), 1, Integer::sum);
  }

  void sendBytes(byte[] bytes) throws IOException {
    sendBytes(ByteBuffer.wrap(bytes));
  }

  void sendBytes(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /// The next reply, to any request that is open.
  Reply receive() throws IOException {
    ByteBuffer header = receive(Request.SIZE);
    int id = header.getInt(8);
    assertTrue(open.containsKey(id), () -> "a reply to nothing, with id " + id);
    Request request = Objects.requireNonNull(open.get(id));
    if (times.merge(id, -1, Integer::sum) == 0) {
      open.remove(id);
    }
    epoch = epoch == 0 ? header.getInt(4) : epoch;
    int length = Reply.check(request, header, epoch);
    return new Reply(request, header, receive(length).array());
  }

  /// Sends a request and takes the next reply, which must be its.
  Reply call(Request request) throws IOException {
    send(request);
    Reply reply = receive();
    assertEquals(request.id(), reply.request().id());
    return reply;
  }

  /// Whether a part of the next reply has come, at least.
  boolean hasMore() {
    return input.hasRemaining();
  }

  private ByteBuffer receive(int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (into.hasRemaining()) {
      boolean more = true;
      if (input.hasRemaining()) {
        int count = Math.min(input.remaining(), into.remaining());
        into.put(input.slice(input.position(), count));
        input.position(input.position() + count);
      } else if (into.remaining() >= input.capacity()) {
        more = channel.read(into) >= 0;
      } else {
        more = channel.read(input.clear()) >= 0;
        input.flip();
      }
      if (!more) {
        throw new EOFException("the sheep hung up after " + into.position() + " of " + length);
      }
    }
    return into.flip();
  }

  /// Waits for the end of the stream, and fails where anything comes before it.
  void assertHungUp() throws IOException {
    assertFalse(input.hasRemaining(), "nothing more is said");
    try {
      assertEquals(-1, channel.read(ByteBuffer.allocate(1)), "nothing more is said");
    } catch (IOException reset) {
      assertTrue(channel.isOpen(), "a reset is a way to hang up");
    }
  }

  void endSending() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
