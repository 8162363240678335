package dev.kelpie.tls;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/// A connection whose bytes are sealed in TLS records on another one. Begins with [#handshake],
/// which one task runs before any other uses the connection; after that one task may read while
/// others write.
///
/// Opening records can make the engine want to say something (the answer to a KeyUpdate, to a
/// close_notify), and it opens no more before that is sealed. So records are sealed and queued
/// under one lock and sent under another: a reader seals what is to be said and leaves it to a
/// writer that is at work, and never waits for one whose peer does not take bytes before it has
/// sent its own.
public final class TlsConnection implements Network.Connection {
  /// What an idle connection holds: dozens of small requests fit.
  private static final int IDLE_SIZE = 2048;

  /// How many records go out in one write at most.
  private static final int RECORDS_PER_WRITE = 8;

  /// How many records that nobody asked for may wait for a writer that is stuck.
  private static final int SAID_MAX = 32;

  private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

  private final Network.Connection wire;
  private final SSLEngine engine;
  private final RecordBuffers buffers;
  private final Locks.Mutex sealing;
  private final Locks.Mutex writing;

  /// What the engine had to say, sealed, to be sent before any other record; under [#sealing].
  private final ArrayDeque<ByteBuffer> said = new ArrayDeque<>();

  private final ByteBuffer idle = ByteBuffer.allocate(IDLE_SIZE);

  /// Sealed bytes from the peer, from position to limit: [#idle], or one of [#buffers].
  private ByteBuffer received = idle.limit(0);

  /// Opened bytes for which a reader had no room; empty, or one of [#buffers].
  private ByteBuffer opened = NOTHING[0];

  /// Whether there may be something in the two above, for those who do not read.
  private volatile boolean holding;

  /// @param already sealed bytes that were read before
  TlsConnection(
      Network.Connection wire,
      SSLEngine engine,
      RecordBuffers buffers,
      Locks locks,
      ByteBuffer already)
      throws TlsFailure {
    this.wire = wire;
    this.engine = engine;
    this.buffers = buffers;
    this.sealing = locks.mutex();
    this.writing = locks.mutex();
    if (already.remaining() > buffers.size()) {
      throw new TlsFailure("sent something else where TLS was to begin");
    }
    if (already.hasRemaining()) {
      received = buffers.take().put(already).flip();
      holding = true;
    }
  }

  @Override
  public Endpoint peer() {
    return wire.peer();
  }

  /// The protocol that was agreed and whom the peer's certificate names, for the log.
  public String description() {
    var session = engine.getSession();
    try {
      return session.getProtocol() + ", " + session.getPeerPrincipal().getName();
    } catch (SSLException e) {
      return session.getProtocol() + ", " + e.getMessage();
    }
  }

  // The handshake.

  /// Comes to terms with the peer.
  ///
  /// @throws TlsFailure where they do not; the peer was told
  /// @throws IOException where the connection is lost
  public void handshake() throws IOException {
    try {
      engine.beginHandshake();
      for (HandshakeStatus next = engine.getHandshakeStatus();
          next != HandshakeStatus.NOT_HANDSHAKING && next != HandshakeStatus.FINISHED;
          next = engine.getHandshakeStatus()) {
        step(next);
      }
    } catch (SSLException failure) {
      throw told(failure);
    }
  }

  /// Sends the peer the alert that the engine has for a failure.
  private TlsFailure told(SSLException failure) {
    TlsFailure told = TlsFailure.of(failure);
    try {
      say();
    } catch (IOException lost) {
      told.addSuppressed(lost);
    }
    return told;
  }

  private void step(HandshakeStatus next) throws IOException {
    switch (next) {
      case NEED_TASK -> runTasks();
      case NEED_WRAP -> say();
      default -> listen();
    }
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  private void listen() throws IOException {
    switch (engine.unwrap(received, NOTHING[0]).getStatus()) {
      case OK -> {}
      case BUFFER_UNDERFLOW -> {
        if (!fill()) {
          throw new EOFException("the peer left during the TLS handshake");
        }
      }
      case BUFFER_OVERFLOW -> throw new TlsFailure("sent data before the TLS handshake was over");
      case CLOSED -> throw new EOFException("the peer said goodbye during the TLS handshake");
    }
  }

  /// After a handshake that failed: waits until the peer has read why and has hung up.
  public void part() throws IOException {
    wire.shutdownOutput();
    rest();
    do {
      received.clear();
    } while (wire.read(received) >= 0);
  }

  // Reading.

  /// Takes what is at hand as far as there is room; waits only where that is nothing.
  @Override
  public int read(ByteBuffer into) throws IOException {
    try {
      return take(into);
    } finally {
      holding = received.hasRemaining() || opened.hasRemaining();
    }
  }

  @Override
  public boolean unread() {
    return holding || wire.unread();
  }

  private int take(ByteBuffer into) throws IOException {
    if (opened.hasRemaining()) {
      return takeOpened(into);
    }
    int start = into.position();
    while (into.hasRemaining()) {
      SSLEngineResult result = open(into);
      boolean some = into.position() > start;
      switch (result.getStatus()) {
        case OK -> attend(result.getHandshakeStatus());
        case BUFFER_UNDERFLOW -> {
          if (some) {
            return into.position() - start;
          }
          await();
        }
        case BUFFER_OVERFLOW -> {
          if (some) {
            return into.position() - start;
          }
          if (openAside()) {
            return takeOpened(into);
          }
        }
        case CLOSED -> {
          attend(result.getHandshakeStatus());
          return some ? into.position() - start : -1;
        }
      }
    }
    return into.position() - start;
  }

  private SSLEngineResult open(ByteBuffer into) throws IOException {
    try {
      return engine.unwrap(received, into);
    } catch (SSLException failure) {
      throw told(failure);
    }
  }

  /// Opens a record that is larger than the reader's room; the engine says that it is before all of
  /// it is there.
  ///
  /// @return whether there were bytes for the reader in it
  private boolean openAside() throws IOException {
    ByteBuffer room = buffers.take();
    SSLEngineResult result = open(room);
    if (room.flip().hasRemaining()) {
      opened = room;
    } else {
      buffers.giveBack(room);
    }
    switch (result.getStatus()) {
      case OK, CLOSED -> attend(result.getHandshakeStatus());
      case BUFFER_UNDERFLOW -> await();
      case BUFFER_OVERFLOW -> throw new TlsFailure("sent a record that is larger than TLS allows");
    }
    return opened.hasRemaining();
  }

  private int takeOpened(ByteBuffer into) {
    int count = Math.min(opened.remaining(), into.remaining());
    into.put(opened.slice(opened.position(), count));
    opened.position(opened.position() + count);
    if (!opened.hasRemaining()) {
      buffers.giveBack(opened);
      opened = NOTHING[0];
    }
    return count;
  }

  /// Does what the engine wants after a record was opened. A handshake in the middle of the stream,
  /// which TLS 1.2 knows and nobody needs, would take the stream from those who write meanwhile.
  private void attend(HandshakeStatus wanted) throws IOException {
    switch (wanted) {
      case NEED_TASK -> throw new TlsFailure("asked for another TLS handshake");
      case NEED_WRAP -> say();
      default -> {}
    }
  }

  private void await() throws IOException {
    if (!fill()) {
      throw new EOFException("the TLS stream was cut off");
    }
  }

  /// Waits for more sealed bytes.
  ///
  /// @return false at the end of the stream
  private boolean fill() throws IOException {
    boolean nothing = !received.hasRemaining();
    if (nothing) {
      rest();
    } else if (resting()) {
      received = buffers.take().put(received).flip();
    }
    received.compact();
    try {
      if (!received.hasRemaining()) {
        throw new TlsFailure("sent a record that is larger than TLS allows");
      }
      return nothing ? fillFromNothing() : wire.read(received) >= 0;
    } finally {
      received.flip();
    }
  }

  /// Takes one byte, which is no record, and no more before others can see that something is here.
  private boolean fillFromNothing() throws IOException {
    int room = received.limit();
    received.limit(1);
    holding = false;
    boolean more = wire.read(received) >= 0;
    holding = true;
    received.limit(room);
    return (more && wire.unread()) ? wire.read(received) >= 0 : more;
  }

  private boolean resting() {
    return received.capacity() == IDLE_SIZE;
  }

  private void rest() {
    if (!resting()) {
      buffers.giveBack(received);
      received = idle.clear().limit(0);
    }
  }

  // Writing.

  @Override
  public void write(ByteBuffer... from) throws IOException {
    writing.lock();
    try {
      int first = begun(from, 0);
      while (first < from.length) {
        first = send(from, first);
      }
    } finally {
      writing.unlock();
    }
    sendSaid();
  }

  /// The index of the first buffer at or behind `first` that is not empty.
  private static int begun(ByteBuffer[] from, int first) {
    int next = first;
    while (next < from.length && !from[next].hasRemaining()) {
      next++;
    }
    return next;
  }

  /// Sends a few records at once.
  ///
  /// @return the index of the first buffer that is not empty
  private int send(ByteBuffer[] from, int first) throws IOException {
    List<ByteBuffer> records = new ArrayList<>();
    try {
      int next = seal(from, first, records);
      wire.write(records.toArray(ByteBuffer[]::new));
      return next;
    } finally {
      records.forEach(buffers::giveBack);
    }
  }

  /// @return the index of the first buffer that is not empty
  private int seal(ByteBuffer[] from, int first, List<ByteBuffer> records) throws IOException {
    int next = first;
    sealing.lock();
    try {
      takeSaid(records);
      do {
        ByteBuffer record = buffers.take();
        records.add(record);
        if (!seal(from, next, record)) {
          throw new ClosedChannelException();
        }
        record.flip();
        next = begun(from, next);
      } while (next < from.length && records.size() < RECORDS_PER_WRITE);
      return next;
    } finally {
      sealing.unlock();
    }
  }

  /// Makes one record.
  ///
  /// @return whether the engine has gone on: with a record, or to the end of the handshake
  private boolean seal(ByteBuffer[] from, int first, ByteBuffer record) throws SSLException {
    SSLEngineResult result = engine.wrap(from, first, from.length - first, record);
    return switch (result.getStatus()) {
      case OK, CLOSED ->
          result.bytesProduced() > 0 || result.getHandshakeStatus() == HandshakeStatus.FINISHED;
      case BUFFER_OVERFLOW, BUFFER_UNDERFLOW ->
          throw new SSLException("a record of " + record.capacity() + " bytes is too small");
    };
  }

  /// Seals what the engine has to say, and sends it unless somebody is writing, who then will.
  private void say() throws IOException {
    sealSaid();
    sendSaid();
  }

  private void sealSaid() throws IOException {
    sealing.lock();
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        ByteBuffer record = buffers.take();
        try {
          if (!seal(NOTHING, 0, record) || said.size() == SAID_MAX) {
            throw new TlsFailure("goes on in TLS where nothing can be answered");
          }
          record.flip();
          said.add(ByteBuffer.allocate(record.remaining()).put(record).flip());
        } finally {
          buffers.giveBack(record);
        }
      }
    } finally {
      sealing.unlock();
    }
  }

  private void sendSaid() throws IOException {
    while (!saidNothing() && writing.tryLock()) {
      try {
        writeSaid();
      } finally {
        writing.unlock();
      }
    }
  }

  private boolean saidNothing() {
    sealing.lock();
    try {
      return said.isEmpty();
    } finally {
      sealing.unlock();
    }
  }

  private void writeSaid() throws IOException {
    List<ByteBuffer> records = new ArrayList<>();
    sealing.lock();
    try {
      takeSaid(records);
    } finally {
      sealing.unlock();
    }
    wire.write(records.toArray(ByteBuffer[]::new));
  }

  private void takeSaid(List<ByteBuffer> records) {
    records.addAll(said);
    said.clear();
  }

  // The end.

  /// Says goodbye (close_notify), so that the peer can tell the end from a cut.
  @Override
  public void shutdownOutput() throws IOException {
    writing.lock();
    try {
      engine.closeOutbound();
      sealSaid();
      writeSaid();
    } finally {
      writing.unlock();
    }
    wire.shutdownOutput();
  }

  /// Cuts the connection.
  @Override
  public void close() throws IOException {
    wire.close();
  }
}
