package dev.kelpie.log;

import java.io.Closeable;
import java.io.IOException;

/// Where lines go. Used by one thread at a time.
public interface LogSink extends Closeable {
  /// Takes a message; it may be held back until [#flush].
  void write(LogMessage message) throws IOException;

  /// Hands everything to the system.
  void flush() throws IOException;

  /// Puts the old lines aside and starts anew, where the destination is of that kind.
  default void rotate() throws IOException {}

  /// Flushes and ends.
  @Override
  void close() throws IOException;
}
