package dev.kelpie.log;

/// Where a room writes its messages. A message names the thing, the reason and the way out, and is
/// one line. Safe for use by many threads; never throws.
public interface Log {
  /// A log that drops everything, for tests that do not look at it.
  Log NONE = (level, message) -> {};

  void write(Level level, String message);

  /// Data is at risk or was lost: somebody has to look now.
  default void alert(String message) {
    write(Level.ALERT, message);
  }

  /// Something failed and a caller was told so.
  default void error(String message) {
    write(Level.ERROR, message);
  }

  /// Something is not as it should be, and work goes on.
  default void warn(String message) {
    write(Level.WARN, message);
  }

  /// A normal event that an operator waits for.
  default void notice(String message) {
    write(Level.NOTICE, message);
  }

  /// A normal event.
  default void info(String message) {
    write(Level.INFO, message);
  }

  /// Detail for somebody who hunts a fault.
  default void debug(String message) {
    write(Level.DEBUG, message);
  }
}
