package dev.kelpie.platform;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open file. All positions are in bytes from its start; methods may be called by many threads.
public interface DiskFile extends Closeable {
  /// Reads until the buffer is full or the file ends, and advances the buffer.
  ///
  /// @return the number of bytes read, less than asked for only at the end of the file
  int read(ByteBuffer into, long position) throws IOException;

  /// Writes all that remains in the buffer and advances it; grows the file where needed.
  ///
  /// @throws Disk.NoSpace where the device is full; part of the bytes may be written
  void write(ByteBuffer from, long position) throws IOException;

  long size() throws IOException;

  /// Cuts the file, or extends it with a hole.
  void resize(long size) throws IOException;

  /// Makes bytes and size durable (`fdatasync`).
  void sync() throws IOException;

  /// Allocates device space for a range, extending the file where it ends before, so that later
  /// writes there cannot run out of space. New bytes are zeros.
  void allocate(long position, long length) throws IOException;

  /// Gives a range back to the device. Its bytes become zeros, the size stays.
  void punch(long position, long length) throws IOException;

  /// The bytes that the file takes on its device.
  long allocatedBytes() throws IOException;

  /// Maps a range that lies inside the file, shared: stores are seen by readers of the file at once
  /// and survive the end of this process. The mapping ends with the file.
  MappedBytes map(long position, long length) throws IOException;
}
