package dev.kelpie.testing;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Path;

/// An open file of a [MemoryDisk]. Using it after it was closed is an error.
final class MemoryDiskFile implements DiskFile {
  private final MemoryDisk disk;
  private final MemoryNode.File node;
  private final boolean readOnly;
  private boolean closed;

  MemoryDiskFile(MemoryDisk disk, MemoryNode.File node, boolean readOnly) {
    this.disk = disk;
    this.node = node;
    this.readOnly = readOnly;
  }

  Path path() {
    return node.path;
  }

  @Override
  public int read(ByteBuffer into, long position) throws IOException {
    return call(DiskCall.READ, () -> node.content.read(into, position));
  }

  @Override
  public void write(ByteBuffer from, long position) throws IOException {
    int half = from.remaining() / 2 / SparseBytes.PAGE * SparseBytes.PAGE;
    change(
        DiskCall.WRITE,
        () -> writeQuietly(from.duplicate().limit(from.position() + half), position),
        () -> node.content.write(from, position, path()));
  }

  private void writeQuietly(ByteBuffer from, long position) {
    try {
      node.content.write(from, position, path());
    } catch (IOException full) {
      throw new SimulatedCrash("crash in a write that failed: " + full.getMessage());
    }
  }

  @Override
  public long size() throws IOException {
    return call(DiskCall.STAT, node.content::size);
  }

  @Override
  public void resize(long size) throws IOException {
    change(DiskCall.RESIZE, () -> node.content.resize(size));
  }

  @Override
  public void sync() throws IOException {
    sync(node.content::sync);
  }

  /// Makes a mapped range durable.
  void sync(long position, long length) throws IOException {
    sync(() -> node.content.sync(position, length));
  }

  private void sync(Runnable body) throws IOException {
    try {
      disk.faults().check(DiskCall.SYNC, path());
    } catch (IOException failed) {
      call(
          DiskCall.READ,
          () -> {
            node.content.forgetUnsynced();
            return true;
          });
      throw failed;
    }
    disk.step(() -> {
      checkOpen();
      body.run();
      return true;
    });
  }

  @Override
  public void allocate(long position, long length) throws IOException {
    change(DiskCall.ALLOCATE, () -> node.content.allocate(position, length, path()));
  }

  @Override
  public void punch(long position, long length) throws IOException {
    change(
        DiskCall.PUNCH,
        () -> node.content.zero(position, Math.min(length, node.content.size() - position)));
  }

  @Override
  public long allocatedBytes() throws IOException {
    return call(DiskCall.STAT, node.content::allocatedBytes);
  }

  @Override
  public MappedBytes map(long position, long length) throws IOException {
    return call(
        DiskCall.OPEN,
        () -> {
          if (readOnly) {
            throw new NonWritableChannelException();
          }
          if (position < 0 || length <= 0 || position + length > node.content.size()) {
            throw new IllegalArgumentException(path() + ": the mapping leaves the file");
          }
          return new MemoryMapping(this, position, length);
        });
  }

  @Override
  public void close() throws IOException {
    disk.closed(this);
    if (!closed) {
      closed = true;
      node.opened--;
      node.freeIfUnreachable();
    }
  }

  <T> T call(DiskCall call, MemoryDisk.Step<T> body) throws IOException {
    return disk.call(
        call,
        path(),
        () -> {
          checkOpen();
          return body.run();
        });
  }

  void change(DiskCall call, Change body) throws IOException {
    change(call, () -> {}, body);
  }

  private void change(DiskCall call, Runnable half, Change body) throws IOException {
    if (readOnly) {
      throw new NonWritableChannelException();
    }
    disk.change(
        call,
        path(),
        half,
        () -> {
          checkOpen();
          try {
            body.run();
          } finally {
            disk.changed(node.content);
          }
          return true;
        });
  }

  MemoryContent content() {
    return node.content;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(path() + " is used after it was closed");
    }
  }

  interface Change {
    void run() throws IOException;
  }
}
