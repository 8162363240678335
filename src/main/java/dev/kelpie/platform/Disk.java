package dev.kelpie.platform;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The file systems of this machine. What a crash leaves behind:
///
/// * of bytes written, any subset of the 512-byte sectors since the last [DiskFile#sync], none of
///   them torn inside a sector;
/// * of a create, rename or delete, nothing or all of it until [#syncDirectory] of the directory
///   has returned; a rename is atomic.
///
/// A failed sync means that the unsynced bytes are in doubt for good: syncing again proves nothing.
/// Errors are [IOException]s of `java.nio.file` where one fits (`NoSuchFileException`,
/// `AccessDeniedException`), [NoSpace] for a full device, plain ones otherwise.
public interface Disk {
  /// Opens an existing file for reading and writing.
  DiskFile open(Path file) throws IOException;

  /// Opens an existing file for reading.
  DiskFile openReadOnly(Path file) throws IOException;

  /// Creates a new file, empty.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException where one is there
  DiskFile create(Path file) throws IOException;

  boolean exists(Path path);

  boolean isDirectory(Path path);

  /// Creates one directory; its parent exists.
  void createDirectory(Path directory) throws IOException;

  /// Creates one directory that nobody but this user may enter (mode 0700); its parent exists.
  void createPrivateDirectory(Path directory) throws IOException;

  /// To whom a path belongs and who may use it; a link is looked at itself, not followed.
  Access access(Path path) throws IOException;

  /// The number of the user whose rights this process has.
  long user();

  /// The names in a directory, sorted.
  List<String> list(Path directory) throws IOException;

  /// Gives the file a new name in the same file system, replacing a file that has it.
  void rename(Path from, Path to) throws IOException;

  /// Deletes a file or an empty directory.
  void delete(Path path) throws IOException;

  /// Makes the names in a directory durable.
  void syncDirectory(Path directory) throws IOException;

  /// The path without links and relative parts.
  Path real(Path path) throws IOException;

  /// How much room there is where the path lies.
  Space space(Path path) throws IOException;

  /// Which device the path lies on (`st_dev`).
  long device(Path path) throws IOException;

  /// Takes an exclusive lock on the first byte of a file, creating it where it is missing, for as
  /// long as the result is open; empty where somebody else has it. Ends with the process. Whoever
  /// has the lock has that of the file that bore the name then: a deleted file's lock is another.
  Optional<Closeable> lock(Path file) throws IOException;

  /// Identifies this boot of the machine's kernel: what was written to a file before a crash is
  /// still there afterwards, synced or not, where this has not changed.
  String bootId() throws IOException;

  /// Room on a file system, in bytes.
  ///
  /// @param usable by this process
  record Space(long total, long usable) {}

  /// Rights on a path.
  ///
  /// @param directory whether it is one
  /// @param owner the number of the user that it belongs to
  /// @param mode the nine permission bits
  record Access(boolean directory, long owner, int mode) {}

  /// The device is full, or a quota is.
  final class NoSpace extends IOException {
    private static final long serialVersionUID = 1;

    /// Says what could not be stored.
    public NoSpace(String message) {
      super(message);
    }
  }
}
