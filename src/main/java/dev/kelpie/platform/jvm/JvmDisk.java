package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// This machine's file systems.
final class JvmDisk implements Disk {
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  @Override
  public DiskFile open(Path file) throws IOException {
    return JvmDiskFile.open(file, LibC.O_RDWR);
  }

  @Override
  public DiskFile openReadOnly(Path file) throws IOException {
    return JvmDiskFile.open(file, LibC.O_RDONLY);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return JvmDiskFile.open(file, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL);
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public boolean isDirectory(Path path) {
    return Files.isDirectory(path);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    namingNoSpace(directory, () -> Files.createDirectory(directory));
  }

  @Override
  public void createPrivateDirectory(Path directory) throws IOException {
    namingNoSpace(directory, () -> Files.createDirectory(directory, OWNER_ONLY));
  }

  @Override
  public Access access(Path path) throws IOException {
    return LibC.access(path);
  }

  @Override
  public long user() {
    return LibC.user();
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    namingNoSpace(to, () -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE));
  }

  @Override
  public void delete(Path path) throws IOException {
    Files.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public Path real(Path path) throws IOException {
    return path.toRealPath();
  }

  @Override
  public Space space(Path path) throws IOException {
    FileStore store = Files.getFileStore(path);
    return new Space(store.getTotalSpace(), store.getUsableSpace());
  }

  @Override
  public long device(Path path) throws IOException {
    return (Long) Files.getAttribute(path, "unix:dev");
  }

  @Override
  public Optional<Closeable> lock(Path file) throws IOException {
    while (true) {
      int fd = LibC.open(file, LibC.O_RDWR | LibC.O_CREAT);
      boolean keep = false;
      try {
        if (!LibC.lockFirstByte(fd, file)) {
          return Optional.empty();
        }
        // Else it was deleted after it was opened, and others lock the one that has the name now.
        keep = LibC.isFileAt(fd, file);
        if (keep) {
          return Optional.of(new RawFile(fd, file));
        }
      } finally {
        if (!keep) {
          LibC.close(fd, file);
        }
      }
    }
  }

  @Override
  public String bootId() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }

  private static void namingNoSpace(Path path, Change change) throws IOException {
    try {
      change.make();
    } catch (IOException failure) {
      throw LibC.saysNoSpace(failure) ? noSpace(path, failure) : failure;
    }
  }

  static NoSpace noSpace(Path path, IOException failure) {
    NoSpace full = new NoSpace(path + ": " + failure.getMessage());
    full.initCause(failure);
    return full;
  }

  private interface Change {
    void make() throws IOException;
  }
}
