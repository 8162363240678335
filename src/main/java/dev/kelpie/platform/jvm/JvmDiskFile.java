package dev.kelpie.platform.jvm;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A file, open twice: a channel for bytes, and a raw descriptor for what channels cannot do.
///
/// The JDK closes a channel when a thread that uses it is interrupted, for everybody. A cancelled
/// task must not take the file from the others, so a channel that was closed this way is opened
/// again through the raw descriptor (by its name in `/proc`, which stays right when the file is
/// renamed), and the call is made again; the thread is interrupted when the call has ended.
final class JvmDiskFile implements DiskFile {
  private static final int ZEROS_SIZE = 1 << 20;

  private final RawFile raw;
  private final Set<OpenOption> mode;

  /// Shared by calls on the raw descriptor, had alone by who closes it or replaces the channel.
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();

  /// Each holds one mapping; guarded by the lock above, had alone.
  private final List<Arena> mappings = new ArrayList<>();

  private volatile FileChannel channel;
  private volatile boolean closed;

  private JvmDiskFile(RawFile raw, Set<OpenOption> mode) throws IOException {
    this.raw = raw;
    this.mode = mode;
    this.channel = openChannel();
  }

  /// @param flags for [LibC#open]
  static JvmDiskFile open(Path path, int flags) throws IOException {
    RawFile raw = new RawFile(LibC.open(path, flags), path);
    try {
      boolean readOnly = (flags & LibC.O_RDWR) == 0;
      return new JvmDiskFile(
          raw,
          readOnly
              ? Set.of(StandardOpenOption.READ)
              : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    } catch (IOException | RuntimeException failure) {
      raw.close();
      throw failure;
    }
  }

  @Override
  public int read(ByteBuffer into, long position) throws IOException {
    int start = into.position();
    boolean interrupted = false;
    try {
      while (into.hasRemaining()) {
        FileChannel current = channel;
        try {
          if (current.read(into, position + into.position() - start) < 0) {
            break;
          }
        } catch (ClosedChannelException closing) {
          interrupted |= reopen(current, closing);
        }
      }
    } finally {
      restore(interrupted);
    }
    return into.position() - start;
  }

  @Override
  public void write(ByteBuffer from, long position) throws IOException {
    int start = from.position();
    boolean interrupted = false;
    try {
      while (from.hasRemaining()) {
        FileChannel current = channel;
        try {
          current.write(from, position + from.position() - start);
        } catch (ClosedChannelException closing) {
          interrupted |= reopen(current, closing);
        }
      }
    } catch (IOException failure) {
      throw named(failure);
    } finally {
      restore(interrupted);
    }
  }

  @Override
  public long size() throws IOException {
    return onChannel(FileChannel::size);
  }

  @Override
  public void resize(long size) throws IOException {
    onRaw(fd -> LibC.resize(fd, raw.path(), size));
  }

  @Override
  public void sync() throws IOException {
    onChannel(channel -> {
      channel.force(false);
      return channel;
    });
  }

  @Override
  public void allocate(long position, long length) throws IOException {
    onRaw(fd -> LibC.allocate(fd, raw.path(), position, length));
  }

  @Override
  public void punch(long position, long length) throws IOException {
    boolean[] punched = new boolean[1];
    onRaw(fd -> punched[0] = LibC.punch(fd, raw.path(), position, length));
    if (!punched[0]) {
      writeZeros(position, Math.min(length, size() - position));
    }
  }

  @Override
  public long allocatedBytes() throws IOException {
    long[] bytes = new long[1];
    onRaw(fd -> bytes[0] = LibC.allocatedBytes(fd, raw.path()));
    return bytes[0];
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // close() does
  public MappedBytes map(long position, long length) throws IOException {
    if (position < 0 || length <= 0 || position + length > size()) {
      throw new IllegalArgumentException(
          raw.path() + ": a mapping of " + length + " bytes at " + position + " leaves the file");
    }
    Arena arena = Arena.ofShared();
    MemorySegment bytes =
        onChannel(channel -> channel.map(FileChannel.MapMode.READ_WRITE, position, length, arena));
    lifetime.writeLock().lock();
    try {
      mappings.add(arena);
    } finally {
      lifetime.writeLock().unlock();
    }
    return new JvmMappedBytes(bytes);
  }

  @Override
  public void close() throws IOException {
    lifetime.writeLock().lock();
    try (raw;
        FileChannel _ = channel) {
      closed = true;
      mappings.forEach(Arena::close);
      mappings.clear();
    } finally {
      lifetime.writeLock().unlock();
    }
  }

  /// What a file system that cannot punch holes gets instead.
  private void writeZeros(long position, long length) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(Math.clamp(length, 0, ZEROS_SIZE));
    for (long done = 0; done < length; done += zeros.limit()) {
      write(zeros.clear().limit((int) Math.min(zeros.capacity(), length - done)), position + done);
    }
  }

  private <T> T onChannel(ChannelCall<T> call) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedChannelException closing) {
          interrupted |= reopen(current, closing);
        }
      }
    } catch (IOException failure) {
      throw named(failure);
    } finally {
      restore(interrupted);
    }
  }

  private void onRaw(RawCall call) throws IOException {
    lifetime.readLock().lock();
    try {
      if (closed) {
        throw new ClosedChannelException();
      }
      call.on(raw.fd());
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /// @return whether this thread was interrupted, which it is no longer
  private boolean reopen(FileChannel broken, ClosedChannelException closing) throws IOException {
    boolean interrupted = Thread.interrupted();
    lifetime.writeLock().lock();
    try {
      if (closed) {
        restore(interrupted);
        throw closing;
      }
      if (channel.equals(broken)) {
        channel = openChannel();
      }
      return interrupted;
    } finally {
      lifetime.writeLock().unlock();
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private IOException named(IOException failure) {
    return LibC.saysNoSpace(failure) ? JvmDisk.noSpace(raw.path(), failure) : failure;
  }

  private FileChannel openChannel() throws IOException {
    return FileChannel.open(Path.of("/proc/self/fd/" + raw.fd()), mode);
  }

  private interface ChannelCall<T> {
    T on(FileChannel channel) throws IOException;
  }

  private interface RawCall {
    void on(int fd) throws IOException;
  }
}
