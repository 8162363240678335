package dev.kelpie.platform;

import java.io.IOException;

/// A mapped range of a file, in little-endian order. Offsets are in bytes from the start of the
/// range; an int's is a multiple of 4, a long's of 8.
///
/// A plain load or store orders nothing. A release store comes after every earlier access of its
/// thread, for other threads and also for who finds the bytes after the process was killed; an
/// acquire load comes before every later one. Where the device fails under the mapping, a load or
/// store throws [MappingFault]. Compiled code may report it late: as an [InternalError] that comes
/// out of a later instruction of the same thread. Who guards against it catches both, around the
/// whole operation.
public interface MappedBytes {
  long length();

  int getInt(long offset);

  void putInt(long offset, int value);

  long getLong(long offset);

  void putLong(long offset, long value);

  long getLongAcquire(long offset);

  void putLongRelease(long offset, long value);

  boolean compareAndSetLong(long offset, long expected, long value);

  /// Sets a range of bytes to zero.
  void clear(long offset, long length);

  /// Makes a range durable (`msync`).
  void sync(long offset, long length) throws IOException;

  /// The device failed under a mapping: the file system is full or gone.
  final class MappingFault extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// Wraps what the machine reported.
    public MappingFault(Throwable cause) {
      super("the device failed under a mapped file", cause);
    }
  }
}
