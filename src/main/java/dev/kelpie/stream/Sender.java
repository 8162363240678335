package dev.kelpie.stream;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Sends what many tasks have to say over one line. Whoever finds nobody sending sends, and goes on
/// with what others have posted meanwhile: so messages that come together leave together, and
/// nobody waits for a turn but who calls [#send].
public final class Sender {
  /// The most that one call writes, so that a client that takes bytes slowly is seen to take them.
  private static final int WRITE_BYTES_MAX = 1 << 20;

  private final Line line;
  private final Locks.Mutex mutex;
  private final Locks.Signal turnOver;
  private final ArrayDeque<Message> posted = new ArrayDeque<>();
  private boolean sending;

  /// A whole message.
  ///
  /// @param parts to be sent in this order, each from position to limit
  /// @param left told once when they were sent, or never will be
  public record Message(List<ByteBuffer> parts, Runnable left) {
    private int size() {
      int size = 0;
      for (ByteBuffer part : parts) {
        size += part.remaining();
      }
      return size;
    }
  }

  /// Nothing is posted yet.
  public Sender(Line line, Locks locks) {
    this.line = line;
    this.mutex = locks.mutex();
    this.turnOver = mutex.signal();
  }

  /// Adds a message, to go with the next [#flush] or [#send].
  public void post(Message message) {
    mutex.lock();
    try {
      posted.add(message);
    } finally {
      mutex.unlock();
    }
  }

  /// Sends what was posted, or leaves it to the task that is sending. Where the line is broken it
  /// is closed, and the messages are dropped.
  public void flush() {
    mutex.lock();
    try {
      if (sending || posted.isEmpty()) {
        return;
      }
      sending = true;
    } finally {
      mutex.unlock();
    }
    sendPosted();
  }

  /// Sends bytes, after the message that is being sent; then what was posted.
  public void send(ByteBuffer bytes) throws IOException {
    awaitTurn();
    try {
      line.write(bytes);
    } finally {
      sendPosted();
    }
  }

  private void awaitTurn() {
    mutex.lock();
    try {
      while (sending) {
        turnOver.await();
      }
      sending = true;
    } finally {
      mutex.unlock();
    }
  }

  /// Sends what was posted until there is no more, then ends the turn.
  private void sendPosted() {
    for (List<Message> next = next(); !next.isEmpty(); next = next()) {
      try {
        line.write(parts(next));
      } catch (IOException _) {
        // The session's own task meets the same broken line and ends the session.
        line.close();
      } finally {
        next.forEach(message -> message.left().run());
      }
    }
  }

  /// The messages for one write; where there are none the turn is over.
  private List<Message> next() {
    mutex.lock();
    try {
      if (posted.isEmpty()) {
        sending = false;
        turnOver.wakeAll();
        return List.of();
      }
      List<Message> next = new ArrayList<>();
      int bytes = 0;
      do {
        Message message = posted.remove();
        bytes += message.size();
        next.add(message);
      } while (!posted.isEmpty() && bytes + posted.element().size() <= WRITE_BYTES_MAX);
      return next;
    } finally {
      mutex.unlock();
    }
  }

  private static ByteBuffer[] parts(List<Message> messages) {
    return messages.stream().flatMap(m -> m.parts().stream()).toArray(ByteBuffer[]::new);
  }
}
