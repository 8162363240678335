package dev.kelpie.platform.jvm;

import dev.kelpie.platform.DiskContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// This machine's disk keeps the contract.
final class JvmDiskTest extends DiskContract {
  JvmDiskTest(@TempDir Path home) {
    super(new JvmDisk(), home);
  }
}
