package dev.kelpie.stream;

import dev.kelpie.tls.TlsContext;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// What the client sent and nobody has looked at yet. Used by the session's own task, but for
/// [#withholdsFor].
public final class Inbox implements Closeable {
  private final Line line;
  private final ElasticBuffer buffer;
  private int lastRead;
  private boolean crowded;
  private volatile boolean taking;

  /// Nothing is at hand yet.
  ///
  /// @param buffer empty; the inbox's from now on
  public Inbox(Line line, ElasticBuffer buffer) {
    this.line = line;
    this.buffer = buffer;
    buffer.bytes().limit(0);
  }

  /// The bytes at hand, from position to limit; take them by moving the position.
  public ByteBuffer bytes() {
    return buffer.bytes();
  }

  /// Whether that many bytes are at hand.
  public boolean has(int count) {
    return buffer.bytes().remaining() >= count;
  }

  /// Whether that many bytes can be at hand at one time; makes room for them where it can.
  public boolean canHold(int count) {
    if (buffer.bytes().capacity() < count) {
      buffer.bytes().compact();
      buffer.grow();
      buffer.bytes().flip();
    }
    return buffer.bytes().capacity() >= count;
  }

  /// Waits for more bytes, behind those at hand.
  ///
  /// @return false at the end of the stream
  public boolean fill() throws IOException {
    makeRoom();
    ByteBuffer bytes = buffer.bytes();
    try {
      lastRead = line.read(bytes);
    } finally {
      crowded = !bytes.hasRemaining();
      bytes.flip();
    }
    return lastRead >= 0;
  }

  /// Waits for one more byte, behind those at hand, and leaves the rest in the line, where others
  /// can see it ([Line#unread]).
  ///
  /// @return false at the end of the stream
  public boolean fillOne() throws IOException {
    makeRoom();
    ByteBuffer bytes = buffer.bytes();
    int room = bytes.limit();
    bytes.limit(bytes.position() + 1);
    try {
      return line.read(bytes) >= 0;
    } finally {
      bytes.limit(room).flip();
    }
  }

  private void makeRoom() {
    if (buffer.bytes().hasRemaining()) {
      buffer.bytes().compact();
    } else {
      buffer.rest(lastRead);
      buffer.bytes().clear();
    }
    if (crowded) {
      buffer.grow();
    }
  }

  /// Fills a buffer: with what is at hand, and the rest from the line without a copy.
  ///
  /// @return false where the stream ended before
  public boolean take(ByteBuffer into) throws IOException {
    taking = true;
    try {
      takeAtHand(into);
      while (into.hasRemaining()) {
        if (line.read(into) < 0) {
          return false;
        }
      }
      return true;
    } finally {
      taking = false;
    }
  }

  private void takeAtHand(ByteBuffer into) {
    ByteBuffer bytes = buffer.bytes();
    int now = Math.min(bytes.remaining(), into.remaining());
    into.put(bytes.slice(bytes.position(), now));
    bytes.position(bytes.position() + now);
  }

  /// Whether a buffer is being filled and the client has sent nothing for it for longer than
  /// `limit`. May be asked by any task.
  public boolean withholdsFor(Duration limit) {
    return taking && line.silentFor(limit);
  }

  /// Goes on in TLS ([Line#startTls]). The bytes at hand are taken for the beginning of it: they
  /// came in plain, and whoever sent them must not have them taken for encrypted.
  ///
  /// @return what was agreed, for the log
  public String startTls(TlsContext tls) throws IOException {
    return line.startTls(tls, buffer.bytes());
  }

  /// Drops bytes, at hand or still to come.
  ///
  /// @return false where the stream ended before
  public boolean skip(long count) throws IOException {
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
}
