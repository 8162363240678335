package dev.kelpie.cluster.local;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The life of a process, as others see it: a file in the directory, named at random, whose lock
/// the process has until it ends. The file holds its own name.
///
/// A session begins with the directory's lock held, and so does the search for files without
/// records; once a lock is seen free, nobody takes it again.
final class Session implements Closeable {
  private static final String PREFIX = "session-";

  private final Disk disk;
  private final Path directory;
  private final String name;
  private final Closeable lock;

  private Session(Disk disk, Path directory, String name, Closeable lock) {
    this.disk = disk;
    this.directory = directory;
    this.name = name;
    this.lock = lock;
  }

  /// Begins a session. The caller has the directory's lock.
  static Session begin(Platform platform, Path directory) throws IOException {
    Disk disk = platform.disk();
    while (true) {
      String name = PREFIX + String.format("%016x", platform.chance().nextLong());
      if (disk.exists(directory.resolve(name))) {
        continue;
      }
      Optional<Closeable> lock = disk.lock(directory.resolve(name));
      if (lock.isPresent()) {
        Session session = new Session(disk, directory, name, lock.get());
        session.write();
        return session;
      }
    }
  }

  private void write() throws IOException {
    try (DiskFile file = disk.open(path())) {
      file.write(ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8)), 0);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  String name() {
    return name;
  }

  private Path path() {
    return directory.resolve(name);
  }

  /// Looks whether the file is still there. It also reads it, so that those who clear out files
  /// that nobody uses leave it alone.
  ///
  /// @throws Unusable where it is not: others then take this process for dead
  void check() throws IOException {
    try (DiskFile file = disk.openReadOnly(path())) {
      ByteBuffer text = ByteBuffer.allocate(name.length());
      file.read(text, 0);
      if (!name.equals(new String(text.array(), StandardCharsets.UTF_8))) {
        throw new Unusable(path() + " was replaced by another file; restart sheep");
      }
    } catch (NoSuchFileException e) {
      throw new Unusable(
          path() + " is gone: somebody deleted it or its directory; restart sheep", e);
    }
  }

  /// All sessions that have a file.
  static List<String> all(Disk disk, Path directory) throws IOException {
    return disk.list(directory).stream().filter(name -> name.startsWith(PREFIX)).toList();
  }

  /// Whether the process of a session has ended.
  ///
  /// @throws IOException where that cannot be told
  static boolean isOver(Disk disk, Path directory, String name) throws IOException {
    Path path = directory.resolve(name);
    try {
      disk.access(path);
    } catch (NoSuchFileException _) {
      return true;
    }
    Optional<Closeable> lock = disk.lock(path);
    if (lock.isPresent()) {
      lock.get().close();
    }
    return lock.isPresent();
  }

  /// Deletes the file of a session that is over.
  static void clear(Disk disk, Path directory, String name) throws IOException {
    try {
      disk.delete(directory.resolve(name));
    } catch (NoSuchFileException _) {
      // Another process found the same session over.
    }
  }

  /// Ends the session, its records gone already.
  void end() throws IOException {
    clear(disk, directory, name);
  }

  /// Lets others see that this process goes. They remove what it announced.
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
