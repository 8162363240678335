package dev.kelpie.platform.jvm;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/// A descriptor of an open file that is closed once.
final class RawFile implements Closeable {
  private final int fd;
  private final Path path;
  private final AtomicBoolean closed = new AtomicBoolean();

  RawFile(int fd, Path path) {
    this.fd = fd;
    this.path = path;
  }

  int fd() {
    return fd;
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      LibC.close(fd, path);
    }
  }
}
