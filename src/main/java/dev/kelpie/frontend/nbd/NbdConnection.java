package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// One client, from its greeting until its disk is closed. [#run] is the life of the connection's
/// own task; the other methods may be called by any task.
final class NbdConnection {
  private final Platform platform;
  private final Log log;
  private final Memory memory;
  private final NbdCounters counters;
  private final ExportOpener opener;
  private final String who;
  private final Line line;
  private final Inbox inbox;
  private final Outbox outbox;
  private final Activity activity;
  private final long since;
  private volatile boolean shakingHands = true;
  private volatile long hungUpAt;
  private volatile boolean hungUp;

  /// @param number tells the clients of one Unix socket apart in the log
  NbdConnection(
      long number,
      Network.Connection connection,
      Exports exports,
      Platform platform,
      Log log,
      Memory memory,
      NbdCounters counters) {
    this.platform = platform;
    this.log = log;
    this.memory = memory;
    this.counters = counters;
    this.who = "client " + number + " (" + connection.peer() + ")";
    boolean local = connection.peer().local();
    this.opener = new ExportOpener(exports, new Exports.Client(who, local), log);
    this.line = new Line(connection, platform.clock());
    this.inbox = new Inbox(line, memory);
    this.outbox = new Outbox(line, memory, platform.locks());
    this.activity = new Activity(platform.locks(), this::hangUp);
    this.since = platform.clock().nanos();
  }

  /// Serves the client to the end.
  void run() {
    try {
      Optional<Agreed> agreed = new Handshake(opener, inbox, outbox, activity).run();
      shakingHands = false;
      if (agreed.isPresent()) {
        transmit(agreed.get());
      }
    } catch (Violation violation) {
      log.warn("nbd: " + who + " " + violation.getMessage() + ": disconnected");
    } catch (IOException lost) {
      log.debug("nbd: " + who + " is gone: " + lost);
    } finally {
      close();
      inbox.close();
      outbox.close();
    }
  }

  private void transmit(Agreed agreed) throws IOException {
    log.info("nbd: " + who + " uses " + agreed.disk());
    boolean politely = false;
    try {
      transmission(agreed).run();
      activity.awaitNone();
      awaitHangUp();
      politely = true;
    } finally {
      if (!politely) {
        close();
      }
      activity.awaitNone();
      opener.close(agreed);
      log.info("nbd: " + who + " has left " + agreed.disk());
    }
  }

  private Transmission transmission(Agreed agreed) {
    Failures failures = new Failures(log, platform.clock(), counters, who, agreed.disk());
    PatientRequests requests = new PatientRequests(agreed.device(), agreed.replies(), line);
    Dispatch dispatch =
        new Dispatch(platform.tasks(), line, outbox, activity, memory, requests, failures);
    return new Transmission(agreed, inbox, outbox, activity, dispatch, failures, counters);
  }

  /// Where we hung up first, reads on until the client has hung up too: closing before would
  /// destroy replies on the way to it.
  private void awaitHangUp() throws IOException {
    if (activity.ended()) {
      inbox.skip(Long.MAX_VALUE);
    }
  }

  /// From now on requests are turned away, and when the last one in flight was answered the client
  /// is told that this was all.
  void drain() {
    activity.drain();
  }

  /// Cuts the client off. What is in flight is finished all the same, and then the disk is closed.
  void close() {
    try {
      line.close();
    } catch (IOException failure) {
      log.debug("nbd: " + who + ": closing the socket: " + failure.getMessage());
    }
  }

  /// Whether the client has been haggling for longer than `limit`.
  boolean haggledFor(Duration limit) {
    return shakingHands && platform.clock().nanos() - since > limit.toNanos();
  }

  /// Whether the client keeps memory in use and has not moved a byte for longer than `limit`.
  boolean hoardedFor(Duration limit) {
    return activity.payloadBytes() > 0 && (line.deafFor(limit) || line.silentFor(limit));
  }

  /// Whether we hung up longer than `limit` ago, and the client has not yet.
  boolean ignoresGoodbyeFor(Duration limit) {
    return hungUp && platform.clock().nanos() - hungUpAt > limit.toNanos();
  }

  String who() {
    return who;
  }

  private void hangUp() {
    hungUpAt = platform.clock().nanos();
    hungUp = true;
    try {
      line.shutdownOutput();
    } catch (IOException _) {
      close();
    }
  }
}
