package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Locks;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Sender;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/// The replies to one client on their way out. The connection's own task collects its replies in a
/// batch and sends it when it has nothing else to do; the tasks of single requests post theirs.
final class Outbox implements Closeable {
  private final Sender sender;
  private final ElasticBuffer buffer;
  private int bytesOfRound;

  Outbox(Line line, Memory memory, Locks locks) {
    this.sender = new Sender(line, locks);
    this.buffer = memory.buffer();
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
    try {
      sender.send(batch);
    } finally {
      batch.clear();
    }
  }

  /// Sends the batch; told when the client is about to be waited for.
  void rest() throws IOException {
    flush();
    buffer.rest(bytesOfRound);
    bytesOfRound = 0;
  }

  /// Sends a reply of another task now, or leaves it to the task that is sending. Where the line is
  /// closed the reply is dropped.
  ///
  /// @param left told once when it was sent, or never will be
  void post(List<ByteBuffer> reply, Runnable left) {
    sender.post(new Sender.Message(reply, left));
    sender.flush();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
