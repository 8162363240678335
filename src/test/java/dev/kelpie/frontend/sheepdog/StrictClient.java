package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Network;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// A client that lets nothing pass: every reply must answer a request that is open, and be as rules
/// 2, 3 and 5 of spec §1.1 want it.
final class StrictClient implements AutoCloseable {
  private final Network.Connection connection;
  private final Map<Integer, RequestHeader> open = new ConcurrentHashMap<>();
  private int ids = 0x1000;
  private int epoch = 1;

  StrictClient(Network.Connection connection) {
    this.connection = connection;
  }

  /// A reply, checked.
  record Answer(ResponseHeader header, ByteBuffer data) {
    void is(ResultCode result) {
      assertEquals(result.text(), ResultCode.text(header.result()));
    }

    byte[] bytes() {
      byte[] bytes = new byte[data.remaining()];
      data.get(data.position(), bytes);
      return bytes;
    }
  }

  /// From now on replies carry this epoch.
  StrictClient expectEpoch(int now) {
    epoch = now;
    return this;
  }

  Answer read(ObjectId object, int flags, long offset, int length) throws IOException {
    return call(Opcode.READ_OBJ, flags, length, RequestFields.Obj.at(object, offset));
  }

  Answer write(ObjectId object, int flags, long offset, byte... data) throws IOException {
    return call(Opcode.WRITE_OBJ, flags, RequestFields.Obj.at(object, offset), data);
  }

  Answer create(ObjectId object, int flags, long offset, byte... data) throws IOException {
    return call(Opcode.CREATE_AND_WRITE_OBJ, flags, RequestFields.Obj.at(object, offset), data);
  }

  Answer on(Opcode opcode, ObjectId object) throws IOException {
    return call(opcode, 0, 0, RequestFields.Obj.at(object, 0));
  }

  /// Sends a request with a payload and waits for its reply.
  Answer call(Opcode opcode, int flags, RequestFields fields, byte... payload) throws IOException {
    int id =
        send(RequestHeader.of(opcode, flags | RequestFlags.WRITE, payload.length, fields), payload);
    return receive(id);
  }

  /// Sends a request without payload and waits for its reply.
  Answer call(Opcode opcode, int flags, int room, RequestFields fields) throws IOException {
    return receive(send(RequestHeader.of(opcode, flags, room, fields)));
  }

  /// Sends a request with an id of its own.
  int send(RequestHeader request, byte... payload) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int id = expect(request, bytes);
    bytes.write(payload);
    sendBytes(bytes.toByteArray());
    return id;
  }

  /// Gives a request an id of its own and writes it there.
  int expect(RequestHeader request, ByteArrayOutputStream to) throws IOException {
    int id = ids++;
    RequestHeader header = request.withId(id);
    open.put(id, header);
    to.write(encode(header));
    return id;
  }

  static byte[] encode(RequestHeader header) {
    byte[] bytes = new byte[RequestHeader.SIZE];
    header.encode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return bytes;
  }

  /// Sends anything.
  void sendBytes(byte[] bytes) throws IOException {
    connection.write(ByteBuffer.wrap(bytes));
  }

  /// The next reply, which must be this one's.
  Answer receive(int id) throws IOException {
    Answer answer = receive();
    assertEquals(id, answer.header.id());
    return answer;
  }

  /// The next reply, to any request that is open.
  Answer receive() throws IOException {
    ResponseHeader header = ResponseHeader.decode(receiveBytes(ResponseHeader.SIZE));
    RequestHeader request = open.remove(header.id());
    assertTrue(request != null, "a reply to nothing: " + header);
    check(Objects.requireNonNull(request), header);
    return new Answer(header, receiveBytes(header.dataLength()));
  }

  private void check(RequestHeader request, ResponseHeader reply) {
    assertEquals(request.opcodeNumber(), reply.opcodeNumber());
    assertEquals(0, reply.protocolVersion());
    assertEquals(0, reply.flags());
    assertEquals(epoch, reply.epoch());
    boolean both = request.has(RequestFlags.WRITE | RequestFlags.PIGGYBACK);
    if (!both && (request.has(RequestFlags.WRITE) || !reply.success())) {
      assertEquals(0, reply.dataLength(), "bytes that nobody reads");
    } else {
      assertTrue(
          Integer.compareUnsigned(reply.dataLength(), request.dataLength()) <= 0,
          "more than there is room for");
    }
  }

  private ByteBuffer receiveBytes(int length) throws IOException {
    ByteBuffer into = buffer(length);
    while (into.hasRemaining()) {
      if (connection.read(into) < 0) {
        throw new EOFException("after " + into.position() + " of " + length + " bytes");
      }
    }
    return into.flip();
  }

  /// Checks that the server closes the connection and says nothing more.
  void assertClosed() throws IOException {
    ByteBuffer rest = buffer(1);
    try {
      assertEquals(-1, connection.read(rest), "the connection is closed");
    } catch (IOException reset) {
      assertTrue(!(reset instanceof EOFException), "reset is as good as closed");
    }
  }

  void shutdownOutput() throws IOException {
    connection.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }

  static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
