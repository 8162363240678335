package dev.kelpie.sheep;

import dev.kelpie.log.Log;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/// What a node has opened, from the bottom up; closed from the top down. A floor that cannot be
/// closed does not keep those below it from being closed.
final class Floors implements Closeable {
  private final Log log;
  private final Deque<Floor> opened = new ArrayDeque<>();

  private record Floor(String name, Closeable part) {}

  Floors(Log log) {
    this.log = log;
  }

  /// Puts a part on top.
  ///
  /// @param name for the log
  <T extends Closeable> T add(String name, T part) {
    opened.push(new Floor(name, part));
    return part;
  }

  /// Closes all.
  ///
  /// @throws IOException where that failed for one of them; the log names the others too
  @Override
  public void close() throws IOException {
    IOException failure = new IOException("the node could not be stopped without errors");
    while (!opened.isEmpty()) {
      Floor floor = opened.pop();
      try {
        log.debug("closing " + floor.name());
        floor.part().close();
      } catch (IOException | RuntimeException e) {
        log.error("closing " + floor.name() + ": " + e);
        failure.addSuppressed(e);
      }
    }
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }
}
