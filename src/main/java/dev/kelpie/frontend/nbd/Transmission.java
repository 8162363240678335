package dev.kelpie.frontend.nbd;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// Takes the requests of one client out of its [Inbox]. What is small and at hand is served in
/// place: a read goes from the disk into the batch of replies, a write from the input buffer to the
/// disk. Everything else is handed to [Dispatch].
///
/// Before it waits for anything, be it the client, memory or a turn, the batch is sent: the client
/// may be waiting for a reply before it goes on.
final class Transmission {
  /// The longest read or write that is served in place.
  private static final int IN_PLACE_MAX = 64 << 10;

  /// The longest payload that is taken in only to be dropped, for a write that is refused. Who
  /// sends more is cut off.
  private static final long DROPPED_PAYLOAD_MAX = 2L * Protocol.PAYLOAD_MAX;

  private final Inbox inbox;
  private final Outbox outbox;
  private final InFlight inFlight;
  private final Dispatch dispatch;
  private final BlockDevice device;
  private final Border border;
  private final Replies replies;
  private final Failures failures;
  private final NbdCounters counters;
  private final Framing framing;
  private final RequestHeader request;

  /// The time when the task last looked at the clock: when bytes came, or a request was done. The
  /// next request is taken up at once, so that one look serves for the end of one and the beginning
  /// of the other.
  private long now;

  Transmission(
      Agreed agreed,
      Inbox inbox,
      Outbox outbox,
      InFlight inFlight,
      Dispatch dispatch,
      Failures failures,
      NbdCounters counters) {
    this.inbox = inbox;
    this.outbox = outbox;
    this.inFlight = inFlight;
    this.dispatch = dispatch;
    this.device = agreed.device();
    this.framing = agreed.framing();
    this.request = new RequestHeader(framing);
    this.border = Border.of(agreed);
    this.replies = agreed.replies();
    this.failures = failures;
    this.counters = counters;
  }

  /// Serves until the client says goodbye or hangs up, or was told that the server does.
  ///
  /// @throws Violation where the client is to be cut off
  void run() throws IOException {
    boolean more = true;
    while (more && awaitHeader()) {
      request.decode(inbox.bytes());
      if (!request.isRequest()) {
        throw cut("sent something else where a request was due");
      }
      if (request.isAmbiguous()) {
        throw cut("sent a write without saying that it has a payload");
      }
      more = request.command() != Command.DISC && take();
    }
    outbox.flush();
  }

  private boolean awaitHeader() throws IOException {
    while (!inbox.has(framing.requestSize())) {
      outbox.rest();
      inFlight.waiting(true);
      boolean more = inbox.fill();
      inFlight.waiting(false);
      now = counters.now();
      if (!more || inFlight.ended()) {
        return false;
      }
    }
    return true;
  }

  /// Whether so many bytes of payload have come.
  private boolean awaitPayload(int length) throws IOException {
    while (!inbox.has(length)) {
      outbox.flush();
      if (!inbox.fill()) {
        return false;
      }
    }
    return true;
  }

  /// Takes the request whose header was decoded.
  ///
  /// @return false where the stream ended in the midst of it
  private boolean take() throws IOException {
    Optional<Fault> fault =
        inFlight.draining() ? Optional.of(Fault.SHUTDOWN) : border.check(request);
    if (fault.isPresent()) {
      return refuse(fault.get());
    }
    if (request.length() == 0 && request.command() != Command.FLUSH) {
      outbox.reserve(Replies.DONE_SIZE_MAX);
      replies.nothing(outbox.batch(), request.command(), request);
      served();
      return true;
    }
    int length = request.command().hasPayload() ? (int) request.length() : 0;
    switch (request.command()) {
      case READ -> {
        if (length > IN_PLACE_MAX || !readInPlace(length)) {
          handOff(dispatch.admit(length));
        }
      }
      case WRITE -> {
        boolean small = length <= IN_PLACE_MAX && inbox.canHold(length);
        return small ? write(length) : writeLarge(length);
      }
      case BLOCK_STATUS -> {
        return status();
      }
      case FLUSH, TRIM, CACHE, WRITE_ZEROES -> handOff(dispatch.admit(0));
      case DISC, UNKNOWN -> throw new IllegalArgumentException(request.command().toString());
    }
    return true;
  }

  /// The request was answered in place.
  private void served() {
    now = counters.served(request.command(), request.length(), now);
  }

  private void handOff(Payload payload) {
    dispatch.start(request.keep(now), payload);
    now = counters.now();
  }

  /// Hands a block status off, which is to tell these contexts.
  private void handOff(List<MetaContext> contexts) throws IOException {
    dispatch.start(request.keep(contexts, now), dispatch.admit(0));
    now = counters.now();
  }

  /// Reads into the batch.
  ///
  /// @return false where that would take waiting, or room that the batch has not
  private boolean readInPlace(int length) throws IOException {
    if (!outbox.reserve(Replies.DATA_HEADER_SIZE_MAX + length)) {
      return false;
    }
    ByteBuffer out = outbox.batch();
    int start = out.position();
    replies.dataHeader(out, request, length);
    out.limit(out.position() + length);
    boolean done = false;
    try {
      done = device.read(request.offset(), out, Patience.NOW);
    } catch (IOException failure) {
      out.clear().position(start);
      fail(failure);
      return true;
    }
    out.limit(out.capacity());
    if (done) {
      served();
    } else {
      out.position(start);
    }
    return done;
  }

  /// Writes out of the input buffer.
  private boolean write(int length) throws IOException {
    if (!awaitPayload(length)) {
      return false;
    }
    ByteBuffer in = inbox.bytes();
    int start = in.position();
    int limit = in.limit();
    in.limit(start + length);
    if (request.has(Protocol.FUA) || !writeInPlace(in)) {
      in.position(start);
      Payload payload = dispatch.admit(length);
      payload.parts().getFirst().put(in).flip();
      handOff(payload);
    }
    in.limit(limit).position(start + length);
    return true;
  }

  /// @return false where that would take waiting
  private boolean writeInPlace(ByteBuffer in) throws IOException {
    try {
      if (!device.write(request.offset(), in, Durability.DEFERRED, Patience.NOW)) {
        return false;
      }
    } catch (IOException failure) {
      fail(failure);
      return true;
    }
    outbox.reserve(Replies.DONE_SIZE_MAX);
    replies.done(outbox.batch(), request);
    served();
    return true;
  }

  private boolean writeLarge(int length) throws IOException {
    Payload payload = dispatch.admit(length);
    boolean whole = false;
    try {
      if (!inbox.has(length)) {
        outbox.flush();
      }
      whole = payload.fill(inbox);
    } finally {
      if (!whole) {
        dispatch.abandon(payload);
      }
    }
    if (whole) {
      handOff(payload);
    }
    return whole;
  }

  private boolean status() throws IOException {
    if (!request.isFiltered()) {
      handOff(border.contexts());
      return true;
    }
    Payload payload = Payload.onHeap((int) request.length());
    if (!inbox.has(payload.length())) {
      outbox.flush();
    }
    if (!payload.fill(inbox)) {
      return false;
    }
    ByteBuffer bytes = payload.parts().getFirst();
    Optional<StatusFilter> filter = StatusFilter.decode(bytes, border.contexts());
    filter.ifPresent(f -> request.about(f.length()));
    Optional<Fault> fault =
        filter.isPresent() ? border.checkStatusRange(request) : border.badFilter();
    if (fault.isPresent()) {
      counters.failed(request.command(), now);
      failures.refused(fault.get());
      error(fault.get());
    } else {
      handOff(filter.orElseThrow().contexts());
    }
    return true;
  }

  private void fail(IOException failure) throws IOException {
    error(failures.of(request.keep(now), failure));
  }

  private boolean refuse(Fault fault) throws IOException {
    counters.failed(request.command(), now);
    failures.refused(fault);
    error(fault);
    long payload = request.payload();
    if (Long.compareUnsigned(payload, DROPPED_PAYLOAD_MAX) > 0) {
      throw cut("sent a payload of " + Long.toUnsignedString(payload) + " bytes");
    }
    if (!inbox.has((int) payload)) {
      outbox.flush();
    }
    return inbox.skip(payload);
  }

  /// What was answered before still reaches the client.
  private Violation cut(String reason) throws IOException {
    outbox.flush();
    return new Violation(reason);
  }

  private void error(Fault fault) throws IOException {
    outbox.reserve(Replies.ERROR_SIZE_MAX);
    replies.error(outbox.batch(), request, fault);
  }
}
