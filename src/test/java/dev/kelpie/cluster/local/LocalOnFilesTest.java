package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.SharedCoordinationContract;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contract, on real files.
final class LocalOnFilesTest extends SharedCoordinationContract {
  private final Processes processes;

  LocalOnFilesTest(@TempDir Path directory) {
    processes = new Processes(JvmPlatform.open((_, _) -> {}).disk(), directory);
  }

  @Override
  protected Coordination open() throws IOException {
    return processes.open();
  }

  @Override
  protected void kill(Coordination handle) {
    processes.kill(handle);
  }
}
