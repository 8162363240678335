package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Locks;
import dev.kelpie.wire.ResponseHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Replies on their way to a client. Whoever flushes while nobody writes becomes the writer, and
/// takes along what others post meanwhile; the others go on at once.
final class Outbox {
  /// Replies that go in one write.
  private static final int BATCH = 64;

  private static final ByteBuffer[] NO_BUFFERS = {};

  private final Line line;
  private final Locks.Mutex mutex;
  private final ArrayDeque<Outgoing> queue = new ArrayDeque<>();
  private boolean writing;
  private boolean broken;

  /// Used by the writer only.
  private final ByteBuffer headers =
      ByteBuffer.allocate(BATCH * ResponseHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);

  /// A reply.
  ///
  /// @param data what follows the header
  /// @param done run once, when it was written or can no longer be
  record Outgoing(ResponseHeader header, ByteBuffer data, Runnable done) {}

  Outbox(Line line, Locks locks) {
    this.line = line;
    this.mutex = locks.mutex();
  }

  /// Adds a reply, to be sent with the next [#flush].
  void post(Outgoing reply) {
    boolean lost;
    mutex.lock();
    try {
      lost = broken;
      if (!lost) {
        queue.add(reply);
      }
    } finally {
      mutex.unlock();
    }
    if (lost) {
      reply.done.run();
    }
  }

  /// Sends what was posted, or leaves it to the task that is sending. Where the client cannot be
  /// reached the connection is closed.
  void flush() {
    List<Outgoing> batch = next(false);
    while (!batch.isEmpty()) {
      boolean sent = false;
      try {
        write(batch);
        sent = true;
      } catch (IOException _) {
        // The client is gone, and its connection is closed below.
      } finally {
        if (!sent) {
          close();
        }
        batch.forEach(reply -> reply.done.run());
      }
      batch = next(true);
    }
  }

  /// Drops what was not sent, and everything that is posted from now on.
  void close() {
    List<Outgoing> dropped;
    mutex.lock();
    try {
      broken = true;
      dropped = List.copyOf(queue);
      queue.clear();
    } finally {
      mutex.unlock();
    }
    dropped.forEach(reply -> reply.done.run());
    try {
      line.close();
    } catch (IOException _) {
      // A connection that is given up has nothing more to say.
    }
  }

  private List<Outgoing> next(boolean mine) {
    mutex.lock();
    try {
      if (writing && !mine) {
        return List.of();
      }
      List<Outgoing> batch = new ArrayList<>();
      while (batch.size() < BATCH && !queue.isEmpty()) {
        batch.add(queue.remove());
      }
      writing = !batch.isEmpty();
      return batch;
    } finally {
      mutex.unlock();
    }
  }

  private void write(List<Outgoing> batch) throws IOException {
    headers.clear();
    List<ByteBuffer> parts = new ArrayList<>();
    for (Outgoing reply : batch) {
      int start = headers.position();
      reply.header.encode(headers);
      parts.add(headers.slice(start, ResponseHeader.SIZE));
      if (reply.data.hasRemaining()) {
        parts.add(reply.data);
      }
    }
    line.write(parts.toArray(NO_BUFFERS));
  }
}
