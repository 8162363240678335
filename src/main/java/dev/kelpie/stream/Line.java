package dev.kelpie.stream;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.tls.Handshakes;
import dev.kelpie.tls.TlsConnection;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.tls.TlsFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// The wire to one client, and for how long the client has let us wait on it. Closed any number of
/// times, by any task.
///
/// Nobody else holds the connection, so that an encrypted one can take the place of the plain one
/// ([#startTls]).
public final class Line implements Closeable {
  private static final long NEVER = Long.MIN_VALUE;

  private volatile Network.Connection connection;
  private final Clock clock;
  private volatile long readingSince = NEVER;
  private volatile long writingSince = NEVER;
  private volatile long hungUpSince = NEVER;
  private volatile boolean closed;
  private final AtomicLong taken = new AtomicLong();

  /// The connection is the line's from now on.
  public Line(Network.Connection connection, Clock clock) {
    this.connection = connection;
    this.clock = clock;
  }

  /// The client's end.
  public Endpoint peer() {
    return connection.peer();
  }

  /// Waits for bytes and reads what is there.
  ///
  /// @return how many; -1 at the end of the stream
  public int read(ByteBuffer into) throws IOException {
    readingSince = clock.nanos();
    try {
      int count = connection.read(into);
      taken.addAndGet(Math.max(0, count));
      return count;
    } finally {
      readingSince = NEVER;
    }
  }

  /// How many bytes were read so far. Any task may ask.
  public long taken() {
    return taken.get();
  }

  /// Whether bytes have arrived that no read has taken ([Network.Connection#unread]). Any task may
  /// ask, but while TLS begins.
  public boolean unread() {
    return connection.unread();
  }

  /// Writes all buffers. One task at a time.
  public void write(ByteBuffer... from) throws IOException {
    writingSince = clock.nanos();
    try {
      connection.write(from);
    } finally {
      writingSince = NEVER;
    }
  }

  /// Goes on in TLS, as the server, when it is the client's turn ([Handshakes]). Nobody else may
  /// read or write meanwhile; who hangs up or closes the line ends the wait for the client.
  ///
  /// @param already what the client sent that belongs to TLS and was read
  /// @return what was agreed and whom the client's certificate names, for the log
  /// @throws TlsFailure where the client does not come to terms; it was told, and has hung up. Or
  ///   where it took long while others waited, and was cut off
  public String startTls(TlsContext tls, ByteBuffer already) throws IOException {
    Handshakes.Turn turn = tls.handshakes().turn(connection, () -> closed);
    try (turn) {
      TlsConnection encrypted = shakeHands(tls, already);
      turn.done();
      connection = encrypted;
      return encrypted.description();
    } catch (IOException lost) {
      throw turn.reason(lost);
    }
  }

  private TlsConnection shakeHands(TlsContext tls, ByteBuffer already) throws IOException {
    TlsConnection encrypted = tls.server(connection, already);
    try {
      encrypted.handshake();
      return encrypted;
    } catch (TlsFailure failure) {
      hungUpSince = clock.nanos();
      part(encrypted, failure);
      throw failure;
    }
  }

  /// Waits until the client has read the alert: closing before could destroy it on its way.
  private static void part(TlsConnection encrypted, TlsFailure failure) {
    try {
      encrypted.part();
    } catch (IOException lost) {
      failure.addSuppressed(lost);
    }
  }

  /// Says goodbye by ending the sending side: the client reads what was sent, then the end of the
  /// stream. To be read on until the client has hung up too, as closing a socket with unread bytes
  /// in it destroys what is on its way to the client.
  public void hangUp() {
    hungUpSince = clock.nanos();
    try {
      connection.shutdownOutput();
    } catch (IOException _) {
      close();
    }
  }

  /// Whether we hung up longer than `limit` ago.
  public boolean hungUpFor(Duration limit) {
    return longerThan(limit, hungUpSince);
  }

  /// Whether we have been waiting for bytes from the client for longer than `limit`.
  public boolean silentFor(Duration limit) {
    return longerThan(limit, readingSince);
  }

  /// Whether the client has not taken the bytes of a write for longer than `limit`.
  public boolean deafFor(Duration limit) {
    return longerThan(limit, writingSince);
  }

  private boolean longerThan(Duration limit, long since) {
    return since != NEVER && clock.nanos() - since > limit.toNanos();
  }

  /// Whether it was closed from this side.
  public boolean closed() {
    return closed;
  }

  /// Cuts the client off; reads and writes that wait end with an [IOException].
  @Override
  public void close() {
    closed = true;
    try {
      connection.close();
    } catch (IOException _) {
      // A connection that is given up has nothing more to say.
    }
  }
}
