package dev.kelpie.sheep;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/// A file with the process id, locked as a whole while the daemon lives (spec/cli.md §2.7).
final class PidFile implements Closeable {
  private final Path path;
  private final FileChannel file;

  private PidFile(Path path, FileChannel file) {
    this.path = path;
    this.file = file;
  }

  /// Writes and locks the file.
  static PidFile write(Path path) throws Refusal {
    try {
      FileChannel file =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      if (!locked(file)) {
        file.close();
        throw refusal(path, "another process has it locked", Optional.empty());
      }
      file.truncate(0);
      file.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"), 0);
      return new PidFile(path, file);
    } catch (IOException e) {
      throw refusal(path, SystemText.of(e), Optional.of(e));
    }
  }

  private static boolean locked(FileChannel file) throws IOException {
    try {
      Optional<FileLock> lock = Optional.ofNullable(file.tryLock());
      return lock.isPresent();
    } catch (OverlappingFileLockException _) {
      return false;
    }
  }

  private static Refusal refusal(Path path, String reason, Optional<IOException> cause) {
    Refusal refusal = new Refusal("failed to pid file '" + path + "' - " + reason);
    cause.ifPresent(refusal::initCause);
    return refusal;
  }

  /// Removes the file.
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
    file.close();
  }
}
