package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
  private final SocketChannel channel;
  private final int epoch;

  /// What was sent and not answered; clients that repeat an id count how often.
  private final Map<Integer, Request> open = new HashMap<>();

  private final Map<Integer, Integer> times = new HashMap<>();

  Client(Sheep sheep) throws IOException {
    this(sheep.at(), sheep.epoch());
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
    ByteBuffer all = ByteBuffer.wrap(bytes);
    while (all.hasRemaining()) {
      channel.write(all);
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

  private ByteBuffer receive(int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("the sheep hung up after " + into.position() + " of " + length);
      }
    }
    return into.flip();
  }

  /// Waits for the end of the stream, and fails where anything comes before it.
  void assertHungUp() throws IOException {
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
