package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.testing.ProcessDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// Handles on one directory that stand for processes of their own.
final class Processes {
  private final Disk disk;
  private final Path directory;
  private final Map<Coordination, ProcessDisk> disks = new ConcurrentHashMap<>();

  Processes(Disk disk, Path directory) {
    this.disk = disk;
    this.directory = directory;
  }

  /// Starts a process.
  LocalCoordination open() throws IOException {
    return open(new ProcessDisk(disk));
  }

  /// Starts a process on a disk that may be prepared for its end.
  LocalCoordination open(ProcessDisk own) throws IOException {
    LocalCoordination handle = new LocalCoordination(TestPlatform.real(own), Log.NONE, directory);
    disks.put(handle, own);
    return handle;
  }

  /// Kills a process.
  void kill(Coordination handle) {
    Objects.requireNonNull(disks.get(handle)).kill();
  }
}
