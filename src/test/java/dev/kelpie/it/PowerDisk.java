package dev.kelpie.it;

import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.random.RandomGenerator;

/// A directory whose file system loses power: a [MemoryDisk], mounted for real programs. What they
/// write goes through the kernel's page cache; what they do not sync may be gone after [#cutPower],
/// in whole or in any part.
final class PowerDisk implements Closeable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final Path at;
  private final RandomGenerator chance;
  private MemoryDisk disk = new MemoryDisk();
  private FuseDevice device;
  private Thread server;

  /// Mounts an empty disk on a directory.
  PowerDisk(Path at, RandomGenerator chance) throws IOException {
    this.at = at;
    this.chance = chance;
    this.device = FuseDevice.mount(at);
    this.server = serve();
  }

  private Thread serve() {
    disk.writeBackSometimes(chance);
    return Thread.ofPlatform().name("fuse").daemon().start(new FuseServer(device, disk));
  }

  /// The power goes and comes back. Who used the disk is dead.
  void cutPower(Keep keep) throws IOException {
    MemoryDisk next = disk.afterPowerCut(chance, keep);
    close();
    disk = next;
    device = FuseDevice.mount(at);
    server = serve();
  }

  @Override
  public void close() throws IOException {
    device.unmount();
    try {
      if (!server.join(LIMIT)) {
        throw new AssertionError(at + " is still in use");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    device.close();
  }
}
