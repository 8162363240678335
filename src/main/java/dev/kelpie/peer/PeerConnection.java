package dev.kelpie.peer;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Sender;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A connection to another node, on which many requests are under way at a time. It is given up as
/// a whole as soon as one of them is not answered in time: from then on nothing is sent on it, and
/// nothing is taken from it.
final class PeerConnection {
  /// Bytes of requests and answers under way; one larger request may be alone. As many as the other
  /// side reads before it waits.
  private static final long BYTES_MAX = 32 << 20;

  private final String node;
  private final Line line;
  private final Inbox inbox;
  private final Sender sender;
  private final Clock clock;
  private final Locks locks;
  private final Locks.Mutex mutex;
  private final Locks.Signal roomMade;
  private final Map<Long, Pending<?>> pending = new HashMap<>();
  private long bytes;
  private long ids;
  private Optional<IOException> broken = Optional.empty();

  /// @param node at the other end, which has granted the connection
  PeerConnection(String node, Line line, Inbox inbox, Clock clock, Locks locks) {
    this.node = node;
    this.line = line;
    this.inbox = inbox;
    this.sender = new Sender(line, locks);
    this.clock = clock;
    this.locks = locks;
    this.mutex = locks.mutex();
    this.roomMade = mutex.signal();
  }

  /// Asks, and waits for the answer.
  ///
  /// @param deadline in nanoseconds of the clock
  /// @throws IOException as the other node says, or where it does not answer in time, or the
  ///   connection is lost; nothing of the request is read or written any more
  <T> T call(PeerRequest request, long deadline, Answer<T> answer) throws IOException {
    BodyWriter body = new BodyWriter();
    request.encode(body);
    var parts = body.parts();
    long size = BodyWriter.size(parts);
    if (size > Frame.BODY_MAX) {
      throw new IOException("a request of " + size + " bytes has no room in a frame");
    }
    Pending<T> mine = new Pending<>(answer, size + request.answerBytes(), deadline, clock, locks);
    long id = enter(mine, deadline);
    sender.post(new Sender.Message(Frame.of(request.code(), id, parts), mine::left));
    sender.flush();
    return mine.await(this::giveUp);
  }

  /// Waits for room among the requests under way.
  private long enter(Pending<?> mine, long deadline) throws IOException {
    mutex.lock();
    try {
      while (broken.isEmpty() && !fits(mine.share())) {
        long rest = deadline - clock.nanos();
        if (rest <= 0) {
          throw new IOException(
              "node " + node + " has so much to do that this could not be asked in time");
        }
        boolean _ = roomMade.await(Duration.ofNanos(rest));
      }
      if (broken.isPresent()) {
        throw lost(broken.get());
      }
      long id = ++ids;
      pending.put(id, mine);
      bytes += mine.share();
      return id;
    } finally {
      mutex.unlock();
    }
  }

  private boolean fits(long share) {
    return pending.isEmpty()
        || (pending.size() < InFlight.REQUESTS_MAX && bytes + share <= BYTES_MAX);
  }

  /// Reads answers until the connection is lost or given up.
  void read() {
    try {
      while (true) {
        readOne();
      }
    } catch (IOException lost) {
      fail(lost);
    } finally {
      fail(new IOException("reading from it came to an end"));
      inbox.close();
    }
  }

  private void readOne() throws IOException {
    while (!inbox.has(Frame.SIZE)) {
      if (!inbox.fill()) {
        throw new EOFException("the node closed it");
      }
    }
    Frame frame = Frame.decode(inbox.bytes());
    take(frame.id()).take(node, frame.code(), new Incoming(inbox, frame));
  }

  /// The request that is answered now; the others do not wait for its room any more.
  private Pending<?> take(long id) throws DamagedFrame {
    mutex.lock();
    try {
      Pending<?> asked = pending.remove(id);
      if (asked == null) {
        throw new DamagedFrame("an answer to nothing that was asked");
      }
      bytes -= asked.share();
      roomMade.wakeAll();
      return asked;
    } finally {
      mutex.unlock();
    }
  }

  /// Gives the connection up where a request should have been answered: who waits for it may be
  /// busy with sending.
  void look() {
    boolean overdue;
    mutex.lock();
    try {
      overdue = pending.values().stream().anyMatch(Pending::overdue);
    } finally {
      mutex.unlock();
    }
    if (overdue) {
      giveUp();
    }
  }

  private void giveUp() {
    fail(new IOException("it did not answer in time"));
  }

  /// Gives the connection up, once.
  void fail(IOException why) {
    List<Pending<?>> all;
    mutex.lock();
    try {
      if (broken.isPresent()) {
        return;
      }
      broken = Optional.of(why);
      all = new ArrayList<>(pending.values());
      pending.clear();
      roomMade.wakeAll();
    } finally {
      mutex.unlock();
    }
    line.close();
    sender.flush(); // into the void, so that what was not sent has left
    all.forEach(asked -> asked.failed(lost(why)));
  }

  private IOException lost(IOException why) {
    String reason = Optional.ofNullable(why.getMessage()).orElse(why.getClass().getSimpleName());
    return new IOException("the connection to node " + node + " is lost: " + reason, why);
  }

  /// Whether it was given up.
  boolean broken() {
    mutex.lock();
    try {
      return broken.isPresent();
    } finally {
      mutex.unlock();
    }
  }
}
