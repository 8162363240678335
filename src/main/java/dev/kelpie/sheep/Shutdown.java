package dev.kelpie.sheep;

import dev.kelpie.frontend.sheepdog.NodeControl.Standing;
import dev.kelpie.log.QueuedLog;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/// The end of the daemon: whoever wants it asks for it here, and the main thread carries it out
/// once. Asking again while it goes on changes nothing, so that an impatient operator loses no
/// data.
final class Shutdown {
  private final QueuedLog log;
  private final CountDownLatch asked = new CountDownLatch(1);
  private volatile Standing standing = Standing.SERVING;

  Shutdown(QueuedLog log) {
    this.log = log;
  }

  /// Answers signals from now on: TERM and INT end the daemon, HUP puts the log file aside and has
  /// files read again.
  void listen(Runnable readAgain) {
    Signal.handle(new Signal("TERM"), _ -> ask(Standing.KILLED, "SIGTERM"));
    Signal.handle(new Signal("INT"), _ -> ask(Standing.KILLED, "SIGINT"));
    Signal.handle(new Signal("HUP"), _ -> hangUp(readAgain));
  }

  private void hangUp(Runnable readAgain) {
    log.rotate();
    readAgain.run();
  }

  /// Wants the daemon to end; returns at once.
  ///
  /// @param how new requests are turned away meanwhile
  /// @param why for the log
  synchronized void ask(Standing how, String why) {
    if (standing == Standing.SERVING) {
      standing = how;
      log.notice("told to stop: " + why);
      asked.countDown();
    } else {
      log.notice("already stopping, dirty data is being written; this changes nothing: " + why);
    }
  }

  /// Whether the daemon serves, and if not, why.
  Standing standing() {
    return standing;
  }

  /// Waits until somebody asks.
  void await() {
    while (standing == Standing.SERVING) {
      try {
        asked.await();
      } catch (InterruptedException e) {
        log.warn("the main thread was interrupted, which nobody should do: " + e);
      }
    }
  }
}
