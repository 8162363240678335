package dev.kelpie.sheep;

import dev.kelpie.log.QueuedLog;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/// The end of the daemon: whoever wants it asks for it here, and the main thread carries it out
/// once. Asking again while it goes on changes nothing, so that an impatient operator loses no
/// data.
final class Shutdown {
  private final QueuedLog log;
  private final CountDownLatch asked = new CountDownLatch(1);

  Shutdown(QueuedLog log) {
    this.log = log;
  }

  /// Answers signals from now on: TERM and INT end the daemon, HUP puts the log file aside.
  void listen() {
    Signal.handle(new Signal("TERM"), _ -> ask("SIGTERM"));
    Signal.handle(new Signal("INT"), _ -> ask("SIGINT"));
    Signal.handle(new Signal("HUP"), _ -> log.rotate());
  }

  /// Wants the daemon to end; returns at once.
  ///
  /// @param who asks, for the log
  void ask(String who) {
    if (asked.getCount() > 0) {
      log.info("told to stop by " + who);
    } else {
      log.notice("already stopping, " + who + " changes nothing; dirty data is being written");
    }
    asked.countDown();
  }

  /// Waits until somebody asks.
  void await() {
    boolean waiting = true;
    while (waiting) {
      try {
        asked.await();
        waiting = false;
      } catch (InterruptedException e) {
        log.warn("the main thread was interrupted, which nobody should do: " + e);
      }
    }
  }
}
