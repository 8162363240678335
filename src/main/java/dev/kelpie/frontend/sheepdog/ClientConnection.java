package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.OpeningBytes;
import dev.kelpie.stream.Sender;
import dev.kelpie.stream.Session;
import dev.kelpie.stream.Takeover;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PayloadSize;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// One client. The connection's own task reads one request after the other and answers what is at
/// hand; what would have to wait runs in a task of its own.
final class ClientConnection implements Session {
  /// Payload bytes of the requests in flight: eight whole data objects.
  private static final long IN_FLIGHT_BYTES_MAX = 32 << 20;

  /// How long a client whose stream is lost may take to read why.
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final long number;
  private final Log log;
  private final Platform platform;
  private final Requests requests;
  private final BufferPool pool;
  private final Line line;
  private final Inbox inbox;
  private final Sender sender;
  private final InFlight inFlight;
  private final OpeningBytes opening;
  private final Takeover peers;
  private final Latecomers.Place place;
  private volatile boolean served;
  private volatile boolean ended;

  /// @param number of the connection, for the log
  ClientConnection(
      long number,
      Line line,
      Platform platform,
      Log log,
      Requests requests,
      BufferPool pool,
      OpeningBytes opening,
      Takeover peers) {
    this.number = number;
    this.log = log;
    this.platform = platform;
    this.requests = requests;
    this.pool = pool;
    this.line = line;
    this.opening = opening;
    this.peers = peers;
    this.place = requests.join(line);
    this.inbox = new Inbox(line, pool.readAhead());
    this.sender = new Sender(line, platform.locks());
    this.inFlight = new InFlight(platform.locks(), IN_FLIGHT_BYTES_MAX, this::close);
  }

  @Override
  public void run() {
    try {
      boolean more = opening.pass(inbox, inFlight, this::fillOne);
      while (more) {
        more = serveNext();
      }
      sender.flush();
      inFlight.awaitNone();
    } catch (IOException lost) {
      log.debug("sheepdog: " + who() + " is gone: " + lost);
    } finally {
      place.leave();
      close();
      inbox.close();
      inFlight.awaitNone();
    }
  }

  /// @return whether there may be more
  private boolean serveNext() throws IOException {
    Optional<RequestHeader> next = header();
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
      requireWhole(inbox.skip(header.payloadBytes()));
      served = true;
      enter(0);
      post(header, Reply.of(refusal.get()), () -> inFlight.leave(0));
    } else if (header.opcodeNumber() == Opcode.PEER_HELLO.number()) {
      return introduced(header);
    } else {
      serve(header);
    }
    return true;
  }

  /// Another node introduces itself, and the connection goes on in the nodes' own protocol.
  ///
  /// @return whether it does not, and there may be more
  private boolean introduced(RequestHeader header) throws IOException {
    sender.flush();
    inFlight.awaitNone();
    int share = share(header);
    enter(share);
    Exchange exchange = receive(header, share, Optional.empty());
    served = true;
    Optional<Takeover.Guest> guest = Optional.empty();
    Reply reply = Reply.BROKEN;
    try {
      switch (peers.verdict(exchange.payload(), line.peer())) {
        case Takeover.Verdict.Refused refused -> reply = Reply.of(refused.result());
        case Takeover.Verdict.Granted granted -> {
          reply = Reply.of(granted.reply());
          guest = Optional.of(granted.guest());
        }
      }
    } finally {
      finish(exchange, share, reply);
    }
    if (guest.isPresent()) {
      place.leave();
      sender.flush();
      guest.get().run(line, inbox, sender, inFlight);
    }
    return guest.isEmpty();
  }

  /// Waits for the next header; empty where the stream ends before it.
  private Optional<RequestHeader> header() throws IOException {
    while (!inbox.has(RequestHeader.SIZE)) {
      sender.flush();
      inFlight.waiting(true);
      boolean more = fill();
      inFlight.waiting(false);
      if (!more) {
        requireWhole(!inbox.bytes().hasRemaining());
        return Optional.empty();
      }
    }
    return Optional.of(RequestHeader.decode(inbox.bytes()));
  }

  /// Takes no more than a byte before others can see that this connection does not wait any more,
  /// unless that would be a whole header.
  private boolean fill() throws IOException {
    if (inbox.has(RequestHeader.SIZE - 1)) {
      return inbox.fill();
    }
    boolean more = fillOne();
    return (more && line.unread()) ? inbox.fill() : more;
  }

  private boolean fillOne() throws IOException {
    place.waiting();
    boolean more = inbox.fillOne();
    place.busy();
    return more;
  }

  private static void requireWhole(boolean whole) throws EOFException {
    if (!whole) {
      throw new EOFException("the stream ended inside a request");
    }
  }

  private void serve(RequestHeader header) throws IOException {
    Optional<ObjectId> changed = requests.changed(header);
    changed.ifPresent(object -> place.awaitElders(object, sender::flush));
    int share = share(header);
    enter(share);
    Exchange exchange = receive(header, share, changed);
    served = true; // before the answer: a client that has one is no longer mute
    Optional<Reply> reply = Optional.of(Reply.BROKEN);
    try {
      Requests.Request request = requests.arrived(exchange, this);
      reply = request.tryRun();
      if (reply.isEmpty()) {
        runLater(request, exchange, share);
      }
    } catch (Latecomers.Overtaken late) {
      log.warn("sheepdog: " + who() + ": " + late.getMessage() + ": disconnected");
      close(); // a reply would be taken for the change's
      throw late;
    } finally {
      reply.ifPresent(r -> finish(exchange, share, r));
    }
  }

  /// Where there is no thread for the request, the connection's own task carries it out, and the
  /// client's later requests wait.
  private void runLater(Requests.Request request, Exchange exchange, int share) {
    try {
      Tasks.Task _ =
          platform.tasks().start("sheepdog request", () -> carryOut(request, exchange, share));
    } catch (RejectedExecutionException _) {
      carryOut(request, exchange, share);
    }
  }

  private void carryOut(Requests.Request request, Exchange exchange, int share) {
    Reply reply = Reply.BROKEN;
    try {
      reply = request.run();
    } finally {
      finish(exchange, share, reply);
      sender.flush();
    }
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
    ByteBuffer bytes = ByteBuffer.allocate(ResponseHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    header.encode(bytes);
    sender.post(new Sender.Message(List.of(bytes.flip(), reply.data()), done));
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
    place.leave();
    if (header.has(RequestFlags.WRITE)) {
      enter(0);
      post(header, Reply.of(ResultCode.INVALID_PARMS), () -> inFlight.leave(0));
      sender.flush();
      inFlight.awaitNone();
      line.hangUp();
      inbox.skip(Long.MAX_VALUE);
    }
  }

  /// Reads the payload of a request that has its room among those in flight.
  private Exchange receive(RequestHeader header, int share, Optional<ObjectId> changed)
      throws IOException {
    Exchange exchange = new Exchange(header, line, pool);
    boolean complete = false;
    try {
      int length = header.payloadBytes();
      if (length > 0) {
        ByteBuffer payload = memory(exchange, length);
        if (!inbox.has(length)) {
          place.receiving(changed);
        }
        requireWhole(inbox.take(payload));
        place.busy();
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
      sender.flush();
    }
    return now.isPresent() ? now.get() : exchange.payload(length);
  }

  /// Waits for room among the requests in flight. What was answered is sent first: the client may
  /// be waiting for just that.
  private void enter(int share) {
    if (!inFlight.tryEnter(share)) {
      sender.flush();
      inFlight.enter(share);
    }
  }

  /// The bytes that a request takes, in the direction that has the payload.
  private static int share(RequestHeader header) {
    boolean reads = header.opcode().filter(o -> o.replyPayload() == PayloadSize.OBJECT).isPresent();
    return reads && !header.has(RequestFlags.WRITE) ? header.dataLength() : header.payloadBytes();
  }

  @Override
  public void close() {
    line.close();
    sender.flush(); // into the void, so that what was answered is no longer in flight
  }

  @Override
  public void drain() {
    inFlight.drain();
  }

  @Override
  public void look() {
    opening.look();
    if (line.hungUpFor(LAST_WORDS)) {
      close();
    }
  }

  @Override
  public boolean hoardsFor(Duration limit) {
    return inbox.withholdsFor(limit) || line.deafFor(limit);
  }

  /// Whether no whole request ever came.
  @Override
  public boolean mute() {
    return !served;
  }

  /// Whether the client has left, or was cut off.
  boolean gone() {
    return ended || line.closed();
  }

  /// Where it stands among the others.
  Latecomers.Place place() {
    return place;
  }

  /// The number of the connection.
  long number() {
    return number;
  }

  @Override
  public String who() {
    return line.peer().toString();
  }
}
