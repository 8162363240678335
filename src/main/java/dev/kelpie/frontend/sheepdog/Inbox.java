package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RequestHeader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// What a client sends, as headers and payloads. Used by the connection's own task only.
///
/// Bytes are read ahead into a buffer, a small one at first: most connections say little. Where a
/// client uses the read-ahead, it gets a larger one while there is memory to spare.
final class Inbox implements Closeable {
  /// Room for a few headers, or for a header and the names of a VDI.
  private static final int SMALL = 1 << 10;

  /// Room for fifteen requests of 4 KiB.
  private static final int LARGE = 64 << 10;

  private final Line line;
  private final BufferPool pool;
  private Optional<BufferPool.Buffer> large = Optional.empty();

  /// From position to limit lie the bytes that were read ahead.
  private ByteBuffer ahead = ByteBuffer.allocate(SMALL).order(ByteOrder.LITTLE_ENDIAN).limit(0);

  private boolean inPayload;

  Inbox(Line line, BufferPool pool) {
    this.line = line;
    this.pool = pool;
  }

  /// Whether the next header is here already.
  boolean hasHeader() {
    return ahead.remaining() >= RequestHeader.SIZE;
  }

  /// Waits for the next header; empty where the stream ends before it.
  ///
  /// @throws EOFException where it ends inside it
  Optional<RequestHeader> header() throws IOException {
    while (!hasHeader()) {
      if (!readAhead()) {
        if (ahead.hasRemaining()) {
          throw new EOFException("the stream ended inside a header");
        }
        return Optional.empty();
      }
    }
    return Optional.of(RequestHeader.decode(ahead));
  }

  /// Fills the buffer.
  void payload(ByteBuffer into) throws IOException {
    inPayload = true;
    takeAhead(into);
    while (into.hasRemaining()) {
      if (into.remaining() < ahead.capacity() / 2) {
        needAhead();
        takeAhead(into);
      } else if (line.read(into) < 0) {
        throw new EOFException("the stream ended inside a payload");
      }
    }
    inPayload = false;
  }

  /// Passes over bytes.
  void skip(long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      if (!ahead.hasRemaining()) {
        needAhead();
      }
      int step = (int) Math.min(left, ahead.remaining());
      ahead.position(ahead.position() + step);
      left -= step;
    }
  }

  /// Passes over everything until the stream ends.
  void skipAll() throws IOException {
    do {
      ahead.position(ahead.limit());
    } while (readAhead());
  }

  /// Whether a payload was begun and is not complete.
  boolean inPayload() {
    return inPayload;
  }

  @Override
  public void close() {
    ahead = ByteBuffer.allocate(0);
    large.ifPresent(BufferPool.Buffer::close);
    large = Optional.empty();
  }

  private void takeAhead(ByteBuffer into) {
    int length = Math.min(into.remaining(), ahead.remaining());
    into.put(into.position(), ahead, ahead.position(), length);
    into.position(into.position() + length);
    ahead.position(ahead.position() + length);
  }

  private void needAhead() throws IOException {
    if (!readAhead()) {
      throw new EOFException("the stream ended inside a payload");
    }
  }

  /// Reads what is there behind the bytes that are left.
  ///
  /// @return false at the end of the stream
  private boolean readAhead() throws IOException {
    ahead.compact();
    try {
      return line.read(ahead) >= 0;
    } finally {
      boolean full = !ahead.hasRemaining();
      ahead.flip();
      if (full && large.isEmpty()) {
        enlarge();
      }
    }
  }

  private void enlarge() {
    large = pool.trySpare(LARGE);
    large.ifPresent(buffer -> ahead = buffer.bytes().put(ahead).flip());
  }
}
