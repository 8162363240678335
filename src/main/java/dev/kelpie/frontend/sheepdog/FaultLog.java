package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.log.SparseLog;
import dev.kelpie.platform.Clock;

/// Failures of requests, in the log. A device that is gone fails every request, so that not all of
/// them are written down.
final class FaultLog {
  private final Log log;

  FaultLog(Log log, Clock clock) {
    this.log = new SparseLog(log, clock::nanos);
  }

  /// A request failed and its client was told so.
  void failed(String request, Throwable failure) {
    log.error(request + " failed: " + text(failure));
  }

  private static String text(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }
}
