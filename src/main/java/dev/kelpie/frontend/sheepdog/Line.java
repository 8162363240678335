package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// The wire to one client, and for how long the client has let us wait on it. Closed any number of
/// times, by any task.
final class Line implements Closeable {
  private static final long NOT_WAITING = Long.MIN_VALUE;

  private final Network.Connection connection;
  private final Clock clock;
  private volatile long readingSince = NOT_WAITING;
  private volatile long writingSince = NOT_WAITING;
  private volatile boolean closed;

  Line(Network.Connection connection, Clock clock) {
    this.connection = connection;
    this.clock = clock;
  }

  Endpoint peer() {
    return connection.peer();
  }

  /// Waits for bytes and reads what is there.
  ///
  /// @return how many; -1 at the end of the stream
  int read(ByteBuffer into) throws IOException {
    readingSince = clock.nanos();
    try {
      return connection.read(into);
    } finally {
      readingSince = NOT_WAITING;
    }
  }

  /// Writes all buffers. One task at a time.
  void write(ByteBuffer... from) throws IOException {
    writingSince = clock.nanos();
    try {
      connection.write(from);
    } finally {
      writingSince = NOT_WAITING;
    }
  }

  /// Ends the sending side. The client reads what was sent, then the end of the stream.
  void shutdownOutput() throws IOException {
    connection.shutdownOutput();
  }

  /// Whether we have been waiting for bytes from the client for longer than `limit`.
  boolean silentFor(Duration limit) {
    return longerThan(limit, readingSince);
  }

  /// Whether the client has not taken the bytes of a write for longer than `limit`.
  boolean deafFor(Duration limit) {
    return longerThan(limit, writingSince);
  }

  private boolean longerThan(Duration limit, long since) {
    return since != NOT_WAITING && clock.nanos() - since > limit.toNanos();
  }

  boolean closed() {
    return closed;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    connection.close();
  }
}
