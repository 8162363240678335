package dev.kelpie.platform.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is special to files of this machine: threads that are interrupted, and mappings that fault.
@Timeout(60)
final class JvmDiskFileTest {
  private final JvmDisk disk = new JvmDisk();

  @TempDir private Path home = Path.of("/");

  @Test
  void anInterruptedThreadReadsAndWritesAndStaysInterrupted() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      disk.rename(home.resolve("f"), home.resolve("g"));
      Thread.currentThread().interrupt();
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
      assertEquals(3, file.size());
      file.sync();
      file.allocate(0, 8192);
      ByteBuffer into = ByteBuffer.allocate(3);
      assertEquals(3, file.read(into, 0));
      assertTrue(Thread.interrupted());
      assertEquals(2, into.get(1));
    }
  }

  @Test
  void aTaskThatIsInterruptedAgainAndAgainHarmsNobody() throws Exception {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      AtomicBoolean done = new AtomicBoolean();
      CountDownLatch started = new CountDownLatch(1);
      Thread victim =
          Thread.ofPlatform()
              .start(() -> {
                started.countDown();
                while (!done.get()) {
                  copyAround(file, 1 << 20);
                }
              });
      started.await();
      for (int round = 0; round < 300; round++) {
        victim.interrupt();
        copyAround(file, 0);
      }
      done.set(true);
      victim.join();
    }
  }

  private static void copyAround(DiskFile file, long position) {
    try {
      ByteBuffer bytes = ByteBuffer.allocateDirect(4096).putLong(0, position + 1);
      file.write(bytes, position);
      bytes.clear().putLong(0, 0);
      assertEquals(4096, file.read(bytes, position));
      assertEquals(position + 1, bytes.getLong(0));
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void aFaultInAMappingIsReported() throws IOException {
    Path path = home.resolve("f");
    try (DiskFile file = disk.create(path)) {
      file.resize(1 << 20);
      MappedBytes map = file.map(0, 1 << 20);
      map.putLong(0, 1);
      file.resize(0);
      assertThrows(MappedBytes.MappingFault.class, () -> map.getLong(8192));
      assertThrows(MappedBytes.MappingFault.class, () -> map.putLong(8192, 1));
      assertThrows(MappedBytes.MappingFault.class, () -> map.clear(4096, 8192));
    }
  }

  @Test
  void noDescriptorStaysOpen() throws IOException {
    long before = descriptors();
    for (int i = 0; i < 50; i++) {
      DiskFile file = disk.create(home.resolve("f" + i));
      file.resize(4096);
      var _ = file.map(0, 4096);
      file.close();
      disk.lock(home.resolve("lock" + i)).orElseThrow().close();
      disk.syncDirectory(home);
    }
    assertTrue(descriptors() < before + 10, "from " + before + " to " + descriptors());
  }

  private static long descriptors() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
