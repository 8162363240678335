package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Locks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The replies to one client on their way out. The connection's own task collects its replies in a
/// batch and sends it when it has nothing else to do; the tasks of single requests post theirs.
/// Whoever finds nobody writing writes, and goes on with what others have posted meanwhile: so
/// replies that come together leave together, and nobody waits for a turn but the connection
/// itself.
final class Outbox implements Closeable {
  /// The most that one call writes, so that a client that takes bytes slowly is seen to take them.
  private static final int WRITE_BYTES_MAX = 1 << 20;

  private final Line line;
  private final ElasticBuffer buffer;
  private final Locks.Mutex mutex;
  private final Locks.Signal turnOver;
  private final ArrayDeque<Reply> posted = new ArrayDeque<>();
  private boolean writing;
  private int bytesOfRound;

  Outbox(Line line, Memory memory, Locks locks) {
    this.line = line;
    this.buffer = new ElasticBuffer(memory);
    this.mutex = locks.mutex();
    this.turnOver = mutex.signal();
  }

  /// The batch of the connection's own task; replies are put at its position. Good until the next
  /// call of another method here.
  ByteBuffer batch() {
    return buffer.bytes();
  }

  /// Makes room for so many bytes in the batch, sending what is there if need be.
  ///
  /// @return false where the batch cannot hold as many, even when empty
  boolean reserve(int bytes) throws IOException {
    if (buffer.bytes().remaining() < bytes && !(buffer.grow() && has(bytes))) {
      flush();
    }
    return has(bytes);
  }

  private boolean has(int bytes) {
    return buffer.bytes().remaining() >= bytes;
  }

  /// Sends the batch.
  void flush() throws IOException {
    ByteBuffer batch = buffer.bytes();
    if (batch.position() == 0) {
      return;
    }
    bytesOfRound += batch.position();
    batch.flip();
    awaitTurn();
    try {
      line.write(batch);
    } finally {
      batch.clear();
      writePosted();
    }
  }

  /// Sends the batch; told when the client is about to be waited for.
  void rest() throws IOException {
    flush();
    buffer.rest(bytesOfRound);
    bytesOfRound = 0;
  }

  /// Sends a reply now, or leaves it to the task that is writing. Where the line is closed the
  /// reply is dropped.
  void post(Reply reply) {
    mutex.lock();
    try {
      posted.add(reply);
      if (writing) {
        return;
      }
      writing = true;
    } finally {
      mutex.unlock();
    }
    writePosted();
  }

  @Override
  public void close() {
    buffer.close();
  }

  private void awaitTurn() {
    mutex.lock();
    try {
      while (writing) {
        turnOver.await();
      }
      writing = true;
    } finally {
      mutex.unlock();
    }
  }

  /// Writes what was posted until there is no more, then ends the turn.
  private void writePosted() {
    for (List<Reply> next = next(); !next.isEmpty(); next = next()) {
      try {
        line.write(parts(next));
      } catch (IOException _) {
        // The connection's own task meets the same broken line and ends the connection.
        closeLine();
      } finally {
        next.forEach(reply -> reply.left().run());
      }
    }
  }

  /// The replies for one write; where there are none the turn is over.
  private List<Reply> next() {
    mutex.lock();
    try {
      if (posted.isEmpty()) {
        writing = false;
        turnOver.wakeAll();
        return List.of();
      }
      List<Reply> next = new ArrayList<>();
      int bytes = 0;
      do {
        Reply reply = posted.remove();
        bytes += reply.size();
        next.add(reply);
      } while (!posted.isEmpty() && bytes + posted.element().size() <= WRITE_BYTES_MAX);
      return next;
    } finally {
      mutex.unlock();
    }
  }

  private static ByteBuffer[] parts(List<Reply> replies) {
    return replies.stream().flatMap(r -> r.parts().stream()).toArray(ByteBuffer[]::new);
  }

  private void closeLine() {
    try {
      line.close();
    } catch (IOException _) {
      // It is closed all the same.
    }
  }
}
