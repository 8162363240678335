package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Session;
import dev.kelpie.tls.TlsFailure;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// One client, from its greeting until its disk is closed.
final class NbdConnection implements Session {
  /// Payload bytes of requests that wait at a time: 64 reads of 64 KiB, or 16 of 1 MiB.
  static final long IN_FLIGHT_BYTES_MAX = 16 << 20;

  /// How long a client that was told goodbye may take to hang up.
  private static final Duration GOODBYE_MAX = Duration.ofSeconds(2);

  private final Platform platform;
  private final Log log;
  private final Memory memory;
  private final NbdCounters counters;
  private final ExportOpener opener;
  private final String who;
  private final Line line;
  private final Inbox inbox;
  private final Outbox outbox;
  private final InFlight inFlight;
  private final StartTls tls;
  private final Log refusals;
  private final Duration handshakeLimit;
  private final long since;
  private volatile boolean shakingHands = true;

  /// @param number tells the clients of one Unix socket apart in the log
  /// @param refusals for what strangers can cause as often as they like
  NbdConnection(
      long number,
      Line line,
      Exports exports,
      Platform platform,
      Log log,
      Memory memory,
      NbdCounters counters,
      Access access,
      Log refusals,
      Duration handshakeLimit) {
    this.platform = platform;
    this.log = log;
    this.memory = memory;
    this.counters = counters;
    this.who = "client " + number + " (" + line.peer() + ")";
    this.opener = new ExportOpener(exports, new Exports.Client(who, line.peer().local()), log);
    this.line = line;
    this.inbox = new Inbox(line, memory.buffer());
    this.outbox = new Outbox(line, memory, platform.locks());
    this.inFlight = new InFlight(platform.locks(), IN_FLIGHT_BYTES_MAX, line::hangUp);
    this.tls = new StartTls(access, line.peer());
    this.refusals = refusals;
    this.handshakeLimit = handshakeLimit;
    this.since = platform.clock().nanos();
  }

  @Override
  public String who() {
    return who;
  }

  @Override
  public void run() {
    try {
      Optional<Agreed> agreed = new Handshake(opener, inbox, outbox, inFlight, tls).run();
      shakingHands = false;
      if (agreed.isPresent()) {
        transmit(agreed.get());
      }
    } catch (Violation violation) {
      log.warn("nbd: " + who + " " + violation.getMessage() + ": disconnected");
    } catch (TlsFailure failure) {
      refusals.warn("nbd: " + who + " " + failure.text() + ": disconnected");
    } catch (IOException lost) {
      log.debug("nbd: " + who + " is gone: " + lost);
    } finally {
      close();
      inbox.close();
      outbox.close();
    }
  }

  private void transmit(Agreed agreed) throws IOException {
    String how = tls.agreed().isEmpty() ? "" : " over " + tls.agreed();
    log.info("nbd: " + who + " uses " + agreed.disk() + how);
    boolean politely = false;
    try {
      transmission(agreed).run();
      inFlight.awaitNone();
      awaitHangUp();
      politely = true;
    } finally {
      if (!politely) {
        close();
      }
      inFlight.awaitNone();
      opener.close(agreed);
      log.info("nbd: " + who + " has left " + agreed.disk());
    }
  }

  private Transmission transmission(Agreed agreed) {
    Failures failures = new Failures(log, platform.clock(), counters, who, agreed.disk());
    PatientRequests requests = new PatientRequests(agreed.device(), agreed.replies(), line);
    Dispatch dispatch =
        new Dispatch(
            platform.tasks(), line, outbox, inFlight, memory, requests, failures, counters);
    return new Transmission(agreed, inbox, outbox, inFlight, dispatch, failures, counters);
  }

  /// Where we hung up first, reads on until the client has hung up too: closing before would
  /// destroy replies on the way to it.
  private void awaitHangUp() throws IOException {
    if (inFlight.ended()) {
      inbox.skip(Long.MAX_VALUE);
    }
  }

  /// From now on requests are turned away, and when the last one in flight was answered the client
  /// is told that this was all.
  @Override
  public void drain() {
    inFlight.drain();
  }

  /// What is in flight is finished, and then the disk is closed.
  @Override
  public void close() {
    line.close();
  }

  @Override
  public void look() {
    if (line.closed()) {
      return; // Told already; what is in flight may take its time.
    }
    if (haggles()) {
      log.warn("nbd: " + who + " chose no disk in time: disconnected");
      close();
    } else if (line.hungUpFor(GOODBYE_MAX)) {
      log.info("nbd: " + who + " does not hang up after the goodbye: disconnected");
      close();
    }
  }

  @Override
  public boolean hoardsFor(Duration limit) {
    return inbox.withholdsFor(limit) || line.deafFor(limit);
  }

  private boolean haggles() {
    return shakingHands && platform.clock().nanos() - since > handshakeLimit.toNanos();
  }

  /// Never: a client that chooses no disk has a limit of time, and the choice may open disks.
  @Override
  public boolean mute() {
    return false;
  }
}
