package dev.kelpie.peer;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.Budget;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Sender;
import dev.kelpie.stream.Takeover;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.PeerHello;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// One connection of another node: its requests are read one after the other and carried out beside
/// each other, each in a task of its own.
final class Conversation implements Takeover.Guest {
  private final Room room;
  private final PeerHello hello;
  private final Callers.Caller caller;
  private final Desk desk;
  private final Budget budget;
  private volatile Optional<Line> line = Optional.empty();
  private volatile boolean ended;

  /// What all conversations of a node have in common.
  ///
  /// @param isOurs whether a cluster is the one that the node is in now
  record Room(Tasks tasks, Log log, Callers callers, java.util.function.LongPredicate isOurs) {}

  Conversation(Room room, PeerHello hello, Callers.Caller caller, Desk desk, Budget budget) {
    this.room = room;
    this.hello = hello;
    this.caller = caller;
    this.desk = desk;
    this.budget = budget;
  }

  Callers.Caller caller() {
    return caller;
  }

  /// Whether the other node made it before that one. Lives of a node have no order; the one that
  /// comes last is the last.
  boolean isBefore(Conversation other) {
    return hello.life() == other.hello.life() && hello.number() <= other.hello.number();
  }

  /// Reads no more. What was read is finished.
  void end() {
    ended = true;
    line.ifPresent(Line::close);
  }

  @Override
  public void run(Line to, Inbox inbox, Sender sender, InFlight inFlight) throws IOException {
    line = Optional.of(to);
    try {
      if (ended) {
        to.close();
      }
      while (serveNext(to, inbox, sender, inFlight)) {}
    } catch (DamagedFrame damaged) {
      room.log.warn(
          "peer: " + caller.node() + ": " + damaged.getMessage() + ": the connection is closed");
      throw damaged;
    } finally {
      to.close();
      sender.flush(); // into the void, so that what was answered is no longer under way
      inFlight.awaitNone();
      room.callers.leave(this);
    }
  }

  /// @return whether there may be more
  private boolean serveNext(Line to, Inbox inbox, Sender sender, InFlight inFlight)
      throws IOException {
    while (!inbox.has(Frame.SIZE)) {
      sender.flush();
      inFlight.waiting(true);
      boolean more = inbox.fill();
      inFlight.waiting(false);
      if (!more) {
        return false;
      }
    }
    Frame frame = Frame.decode(inbox.bytes());
    if (!inFlight.tryEnter(frame.length())) {
      sender.flush();
      inFlight.enter(frame.length());
    }
    new Served(frame, to, sender, inFlight).receive(inbox);
    return true;
  }

  /// One request, from its header to its answer.
  private final class Served {
    private final Frame frame;
    private final Line to;
    private final Sender sender;
    private final InFlight inFlight;
    private long taken;

    Served(Frame frame, Line to, Sender sender, InFlight inFlight) {
      this.frame = frame;
      this.to = to;
      this.sender = sender;
      this.inFlight = inFlight;
    }

    /// Reads the body, and has the request carried out.
    void receive(Inbox inbox) throws IOException {
      boolean received = false;
      Optional<? extends PeerRequest> request;
      try {
        take(frame.length());
        Incoming incoming = new Incoming(inbox, frame);
        ByteBuffer body = incoming.take(frame.length());
        incoming.end();
        if (!room.isOurs.test(hello.cluster())) {
          throw new EOFException("the cluster was formatted anew");
        }
        request = read(body);
        if (request.isPresent()) {
          take(request.get().answerBytes());
        }
        received = true;
      } finally {
        if (!received) {
          leave();
        }
      }
      request.ifPresent(this::start);
    }

    /// Takes memory, and waits for it.
    private void take(long bytes) throws IOException {
      if (bytes > 0 && !budget.tryTake(bytes, 0)) {
        sender.flush();
        if (!budget.take(bytes, to)) {
          throw new EOFException("closed while it waited for memory");
        }
      }
      taken += bytes;
    }

    /// Reads the request; one that cannot be is answered at once.
    private Optional<? extends PeerRequest> read(ByteBuffer body) {
      try {
        BodyReader reader = new BodyReader(body);
        Optional<? extends PeerRequest> request = desk.read(frame.code(), reader);
        if (request.isEmpty()) {
          String text = "request " + frame.code() + " is unknown for this purpose";
          post(Failures.tell(Failures.UNKNOWN, text));
        } else {
          reader.end();
        }
        return request;
      } catch (MalformedPayload malformed) {
        post(Failures.tell(malformed));
        return Optional.empty();
      }
    }

    /// Where there is no thread for the request, the connection's own task carries it out, and
    /// later ones wait.
    private void start(PeerRequest request) {
      try {
        Tasks.Task _ = room.tasks.start("peer request", () -> carryOut(request));
      } catch (RejectedExecutionException _) {
        carryOut(request);
      }
    }

    private void carryOut(PeerRequest request) {
      Failures.Told told = Failures.tell(Failures.FAILED, "a fault of this program");
      try {
        told = new Failures.Told(Failures.DONE, desk.answer(request));
      } catch (IOException failure) {
        told = Failures.tell(failure);
      } catch (RuntimeException bug) {
        log(request, bug);
      } finally {
        post(told);
        sender.flush();
      }
    }

    private void log(PeerRequest request, RuntimeException bug) {
      StringBuilder text = new StringBuilder("peer: a fault of this program: request ");
      text.append(request.code()).append(" of ").append(caller.node()).append(": ").append(bug);
      for (StackTraceElement place : bug.getStackTrace()) {
        text.append(" < ").append(place);
      }
      room.log.error(text.toString());
    }

    private void post(Failures.Told told) {
      sender.post(
          new Sender.Message(Frame.of(told.code(), frame.id(), told.body().parts()), this::leave));
    }

    private void leave() {
      if (taken > 0) {
        budget.free(taken);
      }
      inFlight.leave(frame.length());
    }
  }
}
