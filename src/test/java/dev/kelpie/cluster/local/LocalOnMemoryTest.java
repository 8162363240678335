package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.SharedCoordinationContract;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/// The contract, on a disk in memory.
final class LocalOnMemoryTest extends SharedCoordinationContract {
  private final MemoryDisk disk = new MemoryDisk();
  private final Processes processes = new Processes(disk, disk.directories("/shared"));

  @Override
  protected Coordination open() throws IOException {
    return processes.open();
  }

  @Override
  protected void kill(Coordination handle) {
    processes.kill(handle);
  }

  @AfterEach
  void nothingIsLeftOpen() {
    disk.assertNothingOpen();
  }
}
