package dev.kelpie.stream;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/// A connection whose client is the test: reads get what was [#say]d, in the same pieces, and then
/// the end of the stream; writes are kept, and can be held up.
final class FakeConnection implements Network.Connection {
  private final ArrayDeque<ByteBuffer> said = new ArrayDeque<>();
  private final List<byte[]> written = new CopyOnWriteArrayList<>();
  private final CountDownLatch go = new CountDownLatch(1);
  private volatile boolean held;
  private volatile boolean waiting;
  private volatile boolean ended;
  private volatile boolean closed;

  /// One piece that the client sends.
  FakeConnection say(byte... bytes) {
    said.add(ByteBuffer.wrap(bytes));
    return this;
  }

  /// Holds writes up until [#go].
  void hold() {
    held = true;
  }

  void go() {
    held = false;
    go.countDown();
  }

  /// Whether a write is held up.
  boolean writing() {
    return waiting;
  }

  /// What each call wrote.
  List<byte[]> written() {
    return written;
  }

  boolean outputEnded() {
    return ended;
  }

  @Override
  public Endpoint peer() {
    return new Endpoint.Unix(Path.of("test"));
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (said.isEmpty()) {
      return -1;
    }
    ByteBuffer next = said.element();
    int count = Math.min(next.remaining(), into.remaining());
    into.put(next.slice(next.position(), count));
    next.position(next.position() + count);
    if (!next.hasRemaining()) {
      said.remove();
    }
    return count;
  }

  @Override
  public boolean unread() {
    return !closed && !said.isEmpty();
  }

  @Override
  public void write(ByteBuffer... from) throws IOException {
    if (held) {
      await();
    }
    if (closed) {
      throw new ClosedChannelException();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (ByteBuffer part : from) {
      byte[] some = new byte[part.remaining()];
      part.get(some);
      bytes.writeBytes(some);
    }
    written.add(bytes.toByteArray());
  }

  private void await() throws IOException {
    waiting = true;
    try {
      go.await();
    } catch (InterruptedException interrupted) {
      throw new IOException("a write must not be interrupted", interrupted);
    } finally {
      waiting = false;
    }
  }

  @Override
  public void shutdownOutput() {
    ended = true;
  }

  @Override
  public void close() {
    closed = true;
    go();
  }
}
