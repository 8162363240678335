package dev.kelpie.sheep;

import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.model.Invariant.InvariantBroken;
import java.lang.Thread.UncaughtExceptionHandler;

/// What becomes of exceptions that nobody expected. One in a task is logged, and the other tasks go
/// on. A broken invariant or an exhausted machine ends the process at once and as it is, as a power
/// cut would: the stores are made for that, and going on could lose data.
final class Failures implements UncaughtExceptionHandler {
  private static final int FRAMES_MAX = 30;

  /// Exit status after a panic: 128 + SIGABRT, as the C program ends.
  private static final int PANIC_STATUS = 134;

  private volatile Log log = (level, message) -> System.err.println(message);

  /// Where to write from now on.
  void logTo(Log newLog) {
    log = newLog;
  }

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    boolean panic = failure instanceof InvariantBroken || failure instanceof VirtualMachineError;
    try {
      Level level = panic ? Level.EMERG : Level.ERROR;
      log.write(level, (panic ? "PANIC: " : "uncaught in " + thread.getName() + ": ") + failure);
      writeTrace(level, failure);
    } finally {
      if (panic) {
        Runtime.getRuntime().halt(PANIC_STATUS);
      }
    }
  }

  private void writeTrace(Level level, Throwable failure) {
    StackTraceElement[] frames = failure.getStackTrace();
    for (int i = 0; i < Math.min(frames.length, FRAMES_MAX); i++) {
      log.write(level, "  at " + frames[i]);
    }
    Throwable cause = failure.getCause();
    if (cause != null) {
      log.write(level, "caused by " + cause);
      writeTrace(level, cause);
    }
  }
}
