package dev.kelpie.frontend.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// What the client sent and nobody has looked at yet. Used by the connection's own task.
final class Inbox implements Closeable {
  private final Line line;
  private final ElasticBuffer buffer;
  private int lastRead;
  private boolean crowded;

  Inbox(Line line, Memory memory) {
    this.line = line;
    this.buffer = new ElasticBuffer(memory);
    buffer.bytes().limit(0);
  }

  /// The bytes at hand, from position to limit; take them by moving the position.
  ByteBuffer bytes() {
    return buffer.bytes();
  }

  /// Whether that many bytes are at hand.
  boolean has(int count) {
    return buffer.bytes().remaining() >= count;
  }

  /// Whether that many bytes can be at hand at one time; makes room for them where it can.
  boolean canHold(int count) {
    if (buffer.bytes().capacity() < count) {
      growKeeping();
    }
    return buffer.bytes().capacity() >= count;
  }

  /// Waits for more bytes, behind those at hand.
  ///
  /// @return false at the end of the stream
  boolean fill() throws IOException {
    ByteBuffer bytes = buffer.bytes();
    if (bytes.hasRemaining()) {
      bytes.compact();
    } else {
      bytes = emptied();
    }
    lastRead = line.read(bytes);
    crowded = !bytes.hasRemaining();
    bytes.flip();
    return lastRead >= 0;
  }

  /// Takes a payload: what is at hand of it, and the rest from the wire without a copy.
  ///
  /// @return false where the stream ended before
  boolean take(Payload payload) throws IOException {
    for (ByteBuffer part : payload.parts()) {
      moveInto(part);
      while (part.hasRemaining()) {
        if (line.read(part) < 0) {
          return false;
        }
      }
      part.flip();
    }
    return true;
  }

  /// Drops bytes, at hand or still to come.
  ///
  /// @return false where the stream ended before
  boolean skip(long count) throws IOException {
    long left = count;
    while (true) {
      ByteBuffer bytes = buffer.bytes();
      int now = (int) Math.min(left, bytes.remaining());
      bytes.position(bytes.position() + now);
      left -= now;
      if (left == 0) {
        return true;
      }
      if (!fill()) {
        return false;
      }
    }
  }

  @Override
  public void close() {
    buffer.close();
  }

  private void moveInto(ByteBuffer part) {
    ByteBuffer bytes = buffer.bytes();
    int now = Math.min(bytes.remaining(), part.remaining());
    part.put(bytes.slice(bytes.position(), now));
    bytes.position(bytes.position() + now);
  }

  /// The buffer, ready to be read into, of the size that the traffic asks for.
  private ByteBuffer emptied() {
    buffer.rest(lastRead);
    if (crowded) {
      growKeeping();
    }
    return buffer.bytes().clear();
  }

  private void growKeeping() {
    buffer.bytes().compact();
    buffer.grow();
    buffer.bytes().flip();
  }
}
