package dev.kelpie.simulation;

import java.io.Closeable;
import java.io.IOException;

/// A client that uses a disk, over one of the protocols. For one task at a time.
interface DiskClient extends Closeable {
  /// What a client's request was answered with, where that was no success.
  final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  byte[] read(long offset, int length) throws IOException;

  /// Writes.
  ///
  /// @param dice chooses the mode where the client may choose
  void write(long offset, byte[] bytes, int dice) throws IOException;

  /// Whether a write with this dice is durable when it is answered.
  boolean isDurable(int dice);

  void flush(int dice) throws IOException;

  /// Zeros a range.
  void clear(long offset, int length, int dice) throws IOException;

  boolean isClearDurable(int dice);

  void prefetch(long offset, int length) throws IOException;
}
