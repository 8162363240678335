package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.wire.PayloadSize;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/// One client. [#run] is the life of the connection's own task, which reads one request after the
/// other and answers what is at hand; what would have to wait runs in a task of its own. The other
/// methods may be called by any task.
final class ClientConnection {
  /// How long a client whose stream is lost may take to read why.
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final long number;
  private final Log log;
  private final Platform platform;
  private final Requests requests;
  private final BufferPool pool;
  private final Line line;
  private final Inbox inbox;
  private final Outbox outbox;
  private final InFlight inFlight;
  private final long since;
  private volatile boolean served;
  private volatile boolean ended;

  /// @param number of the connection, for the log
  ClientConnection(
      long number,
      Network.Connection connection,
      Platform platform,
      Log log,
      Requests requests,
      BufferPool pool) {
    this.number = number;
    this.log = log;
    this.platform = platform;
    this.requests = requests;
    this.pool = pool;
    this.line = new Line(connection, platform.clock());
    this.inbox = new Inbox(line, pool);
    this.outbox = new Outbox(line, platform.locks());
    this.inFlight = new InFlight(platform.locks(), platform.clock());
    this.since = platform.clock().nanos();
  }

  /// Serves the client to the end. Requests that are in the works when it ends are finished.
  void run() {
    try {
      while (serveNext()) {}
      outbox.flush();
      inFlight.awaitNone();
    } catch (IOException lost) {
      log.debug("sheepdog: " + who() + " is gone: " + lost);
    } finally {
      close();
      inbox.close();
      inFlight.awaitNone();
    }
  }

  /// @return whether there may be more
  private boolean serveNext() throws IOException {
    if (!inbox.hasHeader()) {
      outbox.flush();
    }
    Optional<RequestHeader> next = inbox.header();
    if (next.isEmpty()) {
      ended = true;
      return false;
    }
    RequestHeader header = next.get();
    if (header.framing() == RequestHeader.Framing.LOST) {
      giveUp(header);
      return false;
    }
    Optional<ResultCode> refusal = requests.refusal(header);
    if (refusal.isPresent()) {
      inbox.skip(header.payloadBytes());
      served = true;
      enter(0);
      post(header, Reply.of(refusal.get()), () -> inFlight.leave(0));
    } else {
      serve(header);
    }
    return true;
  }

  private void serve(RequestHeader header) throws IOException {
    int share = share(header);
    enter(share);
    Exchange exchange = receive(header, share);
    served = true; // before the answer: a client that has one is no longer mute
    Optional<Reply> reply = Optional.of(Reply.BROKEN);
    try {
      Requests.Request request = requests.arrived(exchange, this);
      reply = request.tryRun();
      if (reply.isEmpty()) {
        runLater(request, exchange, share);
      }
    } finally {
      reply.ifPresent(r -> finish(exchange, share, r));
    }
  }

  private void runLater(Requests.Request request, Exchange exchange, int share) {
    Tasks.Task _ =
        platform
            .tasks()
            .start(
                "sheepdog request",
                () -> {
                  Reply reply = Reply.BROKEN;
                  try {
                    reply = request.run();
                  } finally {
                    finish(exchange, share, reply);
                    outbox.flush();
                  }
                });
  }

  private void finish(Exchange exchange, int share, Reply reply) {
    post(
        exchange.header(),
        reply,
        () -> {
          exchange.close();
          inFlight.leave(share);
        });
  }

  private void post(RequestHeader request, Reply reply, Runnable done) {
    ResponseHeader header =
        ResponseHeader.answering(
            request, requests.epoch(), reply.result(), reply.data().remaining(), reply.fields());
    outbox.post(new Outbox.Outgoing(header, reply.data(), done));
  }

  /// Nobody can tell where the next request begins. A client that announced a payload beyond all
  /// bounds is told so; one that sent a write without payload is not, as it may be in the middle of
  /// its data (spec §2.2.4).
  private void giveUp(RequestHeader header) throws IOException {
    log.warn(
        String.format(
            "sheepdog: %s sent opcode 0x%02x with flags 0x%x and length %s, which cannot be"
                + " followed: disconnected",
            who(),
            header.opcodeNumber(),
            header.flags(),
            Integer.toUnsignedString(header.dataLength())));
    if (header.has(RequestFlags.WRITE)) {
      enter(0);
      post(header, Reply.of(ResultCode.INVALID_PARMS), () -> inFlight.leave(0));
      outbox.flush();
      inFlight.awaitNone();
      lingerUntilRead();
    }
  }

  /// Closing a socket with unread bytes in it would destroy the reply on its way.
  private void lingerUntilRead() throws IOException {
    line.shutdownOutput();
    Tasks.Task _ =
        platform
            .tasks()
            .start(
                "sheepdog linger",
                () -> {
                  try {
                    platform.tasks().sleep(LAST_WORDS);
                  } catch (InterruptedException _) {
                    // Closed a little earlier, then.
                  }
                  close();
                });
    inbox.skipAll();
  }

  /// Reads the payload of a request that has its room among those in flight.
  private Exchange receive(RequestHeader header, int share) throws IOException {
    Exchange exchange = new Exchange(header, line, pool);
    boolean complete = false;
    try {
      int length = header.payloadBytes();
      if (length > 0) {
        inbox.payload(memory(exchange, length));
      }
      complete = true;
      return exchange;
    } finally {
      if (!complete) {
        exchange.close();
        inFlight.leave(share);
      }
    }
  }

  private ByteBuffer memory(Exchange exchange, int length) throws IOException {
    Optional<ByteBuffer> now = exchange.tryPayload(length);
    if (now.isEmpty()) {
      outbox.flush();
    }
    return now.isPresent() ? now.get() : exchange.payload(length);
  }

  /// Waits for room among the requests in flight. What was answered is sent first: the client may
  /// be waiting for just that.
  private void enter(int share) {
    if (!inFlight.tryEnter(share)) {
      outbox.flush();
      inFlight.enter(share);
    }
  }

  /// The bytes that a request takes, in the direction that has the payload.
  private static int share(RequestHeader header) {
    boolean reads = header.opcode().filter(o -> o.replyPayload() == PayloadSize.OBJECT).isPresent();
    return reads && !header.has(RequestFlags.WRITE) ? header.dataLength() : header.payloadBytes();
  }

  /// Cuts the client off. Requests in the works are finished all the same.
  void close() {
    outbox.close();
  }

  /// Waits until the client has all its answers, and closes the connection.
  ///
  /// @param end in the clock's nanoseconds: then it is cut off
  /// @return whether it has them all
  boolean drain(long end) {
    boolean done = inFlight.awaitNone(end);
    close();
    return done;
  }

  /// Whether the client keeps memory, and has not moved a byte of a payload or a reply for longer
  /// than `limit`.
  boolean hoardsFor(Duration limit) {
    return (inbox.inPayload() && line.silentFor(limit)) || line.deafFor(limit);
  }

  /// Whether a whole request ever came.
  boolean served() {
    return served;
  }

  /// Whether the client has left, or was cut off.
  boolean gone() {
    return ended || line.closed();
  }

  /// When the client came, in the clock's nanoseconds.
  long since() {
    return since;
  }

  /// The number of the connection.
  long number() {
    return number;
  }

  /// The client's address.
  String who() {
    return line.peer().toString();
  }
}
