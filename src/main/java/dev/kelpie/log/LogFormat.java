package dev.kelpie.log;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.util.Optional;

/// How a line of the log looks (spec/cli.md §2.8).
public enum LogFormat {
  /// The text and nothing else.
  DEFAULT("default"),
  /// `Nov 22 13:33:37 INFO [main] start(367) text`.
  SERVER("server"),
  /// One object per line.
  JSON("json");

  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };

  private final String optionName;

  LogFormat(String optionName) {
    this.optionName = optionName;
  }

  /// The name on command lines.
  public String optionName() {
    return optionName;
  }

  /// The format with this name on command lines.
  public static Optional<LogFormat> named(String optionName) {
    for (LogFormat format : values()) {
      if (format.optionName.equals(optionName)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /// The whole line, without its line feed.
  ///
  /// @param port the daemon's, which `JSON` names
  String line(LogMessage message, ZoneId zone, int port) {
    return switch (this) {
      case DEFAULT -> message.text();
      case SERVER -> date(message.time(), zone) + undated(message);
      case JSON -> json(message, port);
    };
  }

  /// The line for a destination that has its own dates.
  String undatedLine(LogMessage message, int port) {
    return switch (this) {
      case DEFAULT -> message.text();
      case SERVER -> undated(message);
      case JSON -> json(message, port);
    };
  }

  /// By hand, because a formatter of the library costs a start of the daemon 20 ms.
  private static String date(Instant time, ZoneId zone) {
    ZonedDateTime local = time.atZone(zone);
    return MONTHS[local.getMonthValue() - 1]
        + " "
        + twoDigits(local.getDayOfMonth())
        + " "
        + twoDigits(local.getHour())
        + ":"
        + twoDigits(local.getMinute())
        + ":"
        + twoDigits(local.getSecond())
        + " ";
  }

  static String twoDigits(int number) {
    return number < 10 ? "0" + number : Integer.toString(number);
  }

  private static String undated(LogMessage m) {
    return " ".repeat(6 - m.level().name().length())
        + m.level().name()
        + " ["
        + m.worker()
        + "] "
        + m.function()
        + "("
        + m.line()
        + ") "
        + m.text();
  }

  private static String json(LogMessage m, int port) {
    int lastSpace = m.worker().lastIndexOf(' ');
    String index = m.worker().substring(lastSpace + 1);
    boolean indexed = lastSpace > 0 && index.matches("\\d{1,9}");
    return "{ \"user_info\": {\"program_name\": \"sheep\", \"port\": "
        + port
        + "},\"body\": {\"second\": "
        + m.time().getEpochSecond()
        + ", \"usecond\": "
        + m.time().get(ChronoField.MICRO_OF_SECOND)
        + ", \"worker_name\": \""
        + escaped(indexed ? m.worker().substring(0, lastSpace) : m.worker())
        + "\", \"worker_idx\": "
        + (indexed ? index : "0")
        + ", \"func\": \""
        + escaped(m.function())
        + "\", \"line\": "
        + m.line()
        + ", \"msg\": \""
        + escaped(m.text())
        + "\"} }";
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"");
  }
}
