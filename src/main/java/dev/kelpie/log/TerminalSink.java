package dev.kelpie.log;

import java.io.PrintStream;
import java.time.ZoneId;

/// Prints lines for somebody who watches, in colour if wanted.
public final class TerminalSink implements LogSink {
  private static final String RED = "\033[1;31m";
  private static final String YELLOW = "\033[1;33m";
  private static final String CYAN = "\033[36m";
  private static final String PLAIN = "\033[0m";

  private final PrintStream out;
  private final LogFormat format;
  private final int port;
  private final boolean coloured;

  /// Prints to `out`, which stays open.
  public TerminalSink(PrintStream out, LogFormat format, int port, boolean coloured) {
    this.out = out;
    this.format = format;
    this.port = port;
    this.coloured = coloured;
  }

  @Override
  public void write(LogMessage message) {
    String line = format.line(message, ZoneId.systemDefault(), port);
    out.println(coloured ? colour(message.level()) + line + PLAIN : line);
  }

  private static String colour(Level level) {
    return switch (level) {
      case EMERG, ALERT, CRIT, ERROR -> RED;
      case WARN -> YELLOW;
      case NOTICE, INFO -> CYAN;
      case DEBUG -> "";
    };
  }

  @Override
  public void flush() {
    out.flush();
  }

  @Override
  public void close() {
    flush();
  }
}
