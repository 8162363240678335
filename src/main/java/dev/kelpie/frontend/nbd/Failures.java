package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.time.Duration;

/// Turns failures of one connection's disk into faults, and tells the log: the first one, then one
/// in a while with the number of the others, so that a dead disk does not flood it.
final class Failures {
  private static final long QUIET_NANOS = Duration.ofSeconds(10).toNanos();

  private final Log log;
  private final Clock clock;
  private final NbdCounters counters;
  private final String who;
  private final String disk;
  private long untold;
  private long quietUntil;
  private boolean told;

  /// @param who the client, for the log
  Failures(Log log, Clock clock, NbdCounters counters, String who, String disk) {
    this.log = log;
    this.clock = clock;
    this.counters = counters;
    this.who = who;
    this.disk = disk;
  }

  /// What the client is told about a failure.
  Fault of(Request request, IOException failure) {
    counters.failed(request.command(), request.since());
    String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    tell(request, reason);
    return new Fault(NbdError.of(failure), disk + ": " + reason);
  }

  /// Tells of a request that never reached the disk.
  void refused(Fault fault) {
    log.debug("nbd: " + who + ": " + disk + ": " + fault.text());
  }

  private synchronized void tell(Request request, String reason) {
    long now = clock.nanos();
    if (told && now - quietUntil < 0) {
      untold++;
      return;
    }
    String others = untold == 0 ? "" : " (and " + untold + " more before)";
    log.error(
        "nbd: "
            + who
            + ": "
            + request.command()
            + " of "
            + request.length()
            + " bytes at "
            + request.offset()
            + " of "
            + disk
            + " failed: "
            + reason
            + others);
    told = true;
    untold = 0;
    quietUntil = now + QUIET_NANOS;
  }
}
