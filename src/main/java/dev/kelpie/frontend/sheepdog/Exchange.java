package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.stream.Line;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// One request, from its header to its reply: what the client sent, and the memory for both
/// directions. Used by one task at a time.
final class Exchange implements AutoCloseable {
  private static final ByteBuffer NO_PAYLOAD =
      ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);

  private final RequestHeader header;
  private final Line line;
  private final BufferPool pool;
  private Optional<BufferPool.Buffer> payload = Optional.empty();
  private Optional<BufferPool.Buffer> room = Optional.empty();

  Exchange(RequestHeader header, Line line, BufferPool pool) {
    this.header = header;
    this.line = line;
    this.pool = pool;
  }

  RequestHeader header() {
    return header;
  }

  /// Who asks.
  Endpoint client() {
    return line.peer();
  }

  /// Whether all bits of `mask` are set in the flags.
  boolean has(int mask) {
    return header.has(mask);
  }

  /// The fields, where the opcode has those of an object.
  RequestFields.Obj object() {
    if (header.fields() instanceof RequestFields.Obj fields) {
      return fields;
    }
    throw wrongFields();
  }

  /// The fields, where the opcode has those of a VDI.
  RequestFields.Vdi vdi() {
    if (header.fields() instanceof RequestFields.Vdi fields) {
      return fields;
    }
    throw wrongFields();
  }

  /// The fields, where the opcode has those of the cluster.
  RequestFields.Cluster cluster() {
    if (header.fields() instanceof RequestFields.Cluster fields) {
      return fields;
    }
    throw wrongFields();
  }

  /// The fields, where the opcode has those of a VDI's state.
  RequestFields.VdiStateChange vdiState() {
    if (header.fields() instanceof RequestFields.VdiStateChange fields) {
      return fields;
    }
    throw wrongFields();
  }

  /// The fields, where the opcode has those of a range.
  RequestFields.Range range() {
    if (header.fields() instanceof RequestFields.Range fields) {
      return fields;
    }
    throw wrongFields();
  }

  private IllegalStateException wrongFields() {
    return new IllegalStateException("an opcode is handled with another one's fields: " + header);
  }

  /// What the client sent, from its start, little-endian.
  ByteBuffer payload() {
    return payload.map(buffer -> buffer.bytes().rewind()).orElse(NO_PAYLOAD);
  }

  /// What the client sent as a text that ends at its first NUL, each `char` a byte.
  String text() {
    String all = StandardCharsets.ISO_8859_1.decode(payload()).toString();
    int end = all.indexOf('\0');
    return end < 0 ? all : all.substring(0, end);
  }

  /// Memory for what the client sends, where there is some now.
  Optional<ByteBuffer> tryPayload(int length) {
    payload = pool.tryTake(length);
    return payload.map(BufferPool.Buffer::bytes);
  }

  /// Memory for what the client sends, which waits for it.
  ///
  /// @throws ClosedChannelException where the client is gone meanwhile
  ByteBuffer payload(int length) throws IOException {
    payload = pool.take(length, line::closed);
    return payload.orElseThrow(ClosedChannelException::new).bytes();
  }

  /// Memory for a reply, where there is some now. What is in it is not defined.
  Optional<ByteBuffer> tryRoom(int length) {
    if (room.isEmpty()) {
      room = pool.tryTake(length);
    }
    return room.map(buffer -> buffer.bytes().clear());
  }

  /// Memory for a reply, which waits for it. What is in it is not defined. A request asks for one
  /// length only.
  ///
  /// @throws ClosedChannelException where the client is gone meanwhile
  ByteBuffer room(int length) throws IOException {
    if (room.isEmpty()) {
      room = pool.take(length, line::closed);
    }
    return room.orElseThrow(ClosedChannelException::new).bytes().clear();
  }

  /// Gives all memory back.
  @Override
  public void close() {
    payload.ifPresent(BufferPool.Buffer::close);
    room.ifPresent(BufferPool.Buffer::close);
  }
}
