package dev.kelpie.sheep;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The directory that belongs to one daemon. It has the files `lock`, locked while the daemon
/// lives, and `config` ([BaseConfig]), which says whose directory it is. Directories of other
/// programs and formats, and damaged ones, are refused before anything in them changes.
final class BaseDirectory implements Closeable {
  /// What a sheep of any kind leaves behind; a directory with these and without a config has lost
  /// it.
  private static final List<String> TRACES = List.of("obj", "epoch", "cluster", "store", "cache");

  private final Disk disk;
  private final Path path;
  private Optional<Closeable> lock = Optional.empty();
  private Optional<BaseConfig> config = Optional.empty();

  private BaseDirectory(Disk disk, Path path) {
    this.disk = disk;
    this.path = path;
  }

  /// Looks at a directory that may not be there yet, and locks it where a daemon has used it
  /// before. Changes nothing on disk.
  static BaseDirectory look(Disk disk, Path path) throws Refusal {
    BaseDirectory base = new BaseDirectory(disk, path);
    if (disk.exists(path)) {
      if (!disk.isDirectory(path)) {
        throw new Refusal("cannot create the directory " + path + " (File exists)");
      }
      if (disk.exists(base.lockFile())) {
        base.lock();
      }
      base.config = base.readConfig();
    }
    return base;
  }

  /// Creates what is missing, and locks the directory if that was not done yet.
  void create(RandomGenerator chance) throws Refusal {
    try {
      if (!disk.exists(path)) {
        disk.createDirectory(path);
        disk.syncDirectory(path.resolveSibling("."));
      }
      if (lock.isEmpty()) {
        lock();
      }
      config = readConfig();
      if (config.isEmpty()) {
        BaseConfig fresh = BaseConfig.fresh(chance);
        writeConfig(fresh);
        config = Optional.of(fresh);
      }
    } catch (IOException e) {
      throw new Refusal("cannot create the directory " + path + " (" + SystemText.of(e) + ")", e);
    }
  }

  Path path() {
    return path;
  }

  /// The id of the directory, which stays the same for ever; known once it was created.
  String id() {
    return config.orElseThrow().id();
  }

  /// A directory inside, made where it is missing.
  Path inside(String name) throws IOException {
    Path directory = path.resolve(name);
    if (!disk.isDirectory(directory)) {
      disk.createDirectory(directory);
      disk.syncDirectory(path);
    }
    return directory;
  }

  private Path lockFile() {
    return path.resolve("lock");
  }

  private Path configFile() {
    return path.resolve("config");
  }

  private void lock() throws Refusal {
    String complaint = "locking directory: " + path + " failed";
    try {
      lock = disk.lock(lockFile());
    } catch (IOException e) {
      throw new Refusal(
          "cannot lock " + lockFile() + " (" + SystemText.of(e) + ")\n" + complaint, e);
    }
    if (lock.isEmpty()) {
      throw new Refusal("another sheep daemon is using " + path + "\n" + complaint);
    }
  }

  /// Reads the config; empty where the directory is new.
  private Optional<BaseConfig> readConfig() throws Refusal {
    try {
      if (!disk.exists(configFile())) {
        refuseLostConfig();
        return Optional.empty();
      }
      try (DiskFile file = disk.openReadOnly(configFile())) {
        ByteBuffer bytes = ByteBuffer.allocate(BaseConfig.BYTES_MAX + 1);
        file.read(bytes, 0);
        return Optional.of(BaseConfig.read(bytes.flip(), path));
      }
    } catch (IOException e) {
      throw new Refusal("cannot read " + configFile() + " (" + SystemText.of(e) + ")", e);
    }
  }

  private void refuseLostConfig() throws IOException, Refusal {
    for (String trace : TRACES) {
      Path directory = path.resolve(trace);
      if (disk.isDirectory(directory) && !disk.list(directory).isEmpty()) {
        throw new Refusal(
            path
                + " holds data in '"
                + trace
                + "' but no 'config': restore that file, or start with an empty directory");
      }
    }
  }

  /// Durable before anything else is made in the directory.
  private void writeConfig(BaseConfig config) throws IOException {
    Path temporary = path.resolve("config.tmp");
    if (disk.exists(temporary)) {
      disk.delete(temporary);
    }
    try (DiskFile file = disk.create(temporary)) {
      file.write(config.bytes(), 0);
      file.sync();
    }
    disk.rename(temporary, configFile());
    disk.syncDirectory(path);
  }

  /// Gives the lock back.
  @Override
  public void close() throws IOException {
    if (lock.isPresent()) {
      lock.get().close();
    }
  }
}
