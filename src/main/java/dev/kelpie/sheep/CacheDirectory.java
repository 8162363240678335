package dev.kelpie.sheep;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// Guards the directory of an object cache that lies outside of the base directory: one daemon at a
/// time uses it, and always the same one, because dirty data in it belongs to that one's disks. The
/// file `owner` in it holds the id of the base directory, and is locked.
final class CacheDirectory {
  private CacheDirectory() {}

  /// Takes the directory.
  ///
  /// @param parent in which the cache's own directory is made
  /// @param id of the base directory
  /// @return what gives it back
  static Closeable take(Disk disk, Path parent, String id) throws IOException {
    Path directory = parent.resolve("cache");
    if (!disk.isDirectory(parent)) {
      throw new IOException("-w dir=" + parent + ": No such directory; make it first");
    }
    if (!disk.exists(directory)) {
      disk.createDirectory(directory);
      disk.syncDirectory(parent);
    }
    Path owner = directory.resolve("owner");
    Optional<Closeable> lock = disk.lock(owner);
    if (lock.isEmpty()) {
      throw new IOException(
          "another sheep daemon is using the object cache " + directory + ": choose another dir=");
    }
    try {
      checkOwner(disk, owner, id);
      return lock.get();
    } catch (IOException e) {
      lock.get().close();
      throw e;
    }
  }

  private static void checkOwner(Disk disk, Path file, String id) throws IOException {
    ByteBuffer expected = StandardCharsets.US_ASCII.encode(id);
    try (DiskFile open = disk.open(file)) {
      ByteBuffer found = ByteBuffer.allocate(expected.remaining());
      open.read(found, 0);
      if (found.hasRemaining()) { // new, or a crash cut it short
        open.write(expected, 0);
        open.sync();
        disk.syncDirectory(file.resolveSibling("."));
      } else if (!found.flip().equals(expected)) {
        throw new IOException(
            file.getParent()
                + " is the object cache of another base directory, and may hold data that only it"
                + " can write back: choose another dir=, or delete the cache if it is not needed");
      }
    }
  }
}
