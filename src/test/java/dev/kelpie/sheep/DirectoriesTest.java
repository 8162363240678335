package dev.kelpie.sheep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Log;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The directories beside the base directory, and what keeps them from being mixed up.
final class DirectoriesTest {
  private final MemoryDisk disk = new MemoryDisk();
  private final Platform platform = TestPlatform.real(disk);
  private final Path base = disk.directories("/data/base");
  private final Path records = disk.directories("/data/base/cluster");
  private final Path disk1 = Path.of("/data/disk1");
  private final Path disk2 = Path.of("/data/disk2");

  @Test
  void withoutDisksTheStoreLiesInTheBaseDirectory() throws IOException {
    openAndClose(base, List.of());
    openAndClose(base, List.of());
    assertTrue(disk.list(base).contains("store"));
  }

  @Test
  void namedDisksAreMadeAndFoundAgain() throws IOException {
    openAndClose(base, List.of(disk1, disk2, disk1));
    openAndClose(base, List.of(disk2, disk1));
    assertEquals(List.of("base", "disk1", "disk2"), disk.list(Path.of("/data")));
  }

  @Test
  void aBaseDirectoryThatHadAStoreRefusesToStartWithoutIt() throws IOException {
    openAndClose(base, List.of(disk1));
    String text = refusal(base, List.of());
    assertTrue(text.contains("which has had a store before: name the disks that it had"), text);
    assertTrue(refusal(base, List.of(disk2)).contains("had a store before"));
    openAndClose(base, List.of(disk1));
  }

  @Test
  void theDisksOfAnotherBaseDirectoryAreRefused() throws IOException {
    openAndClose(base, List.of(disk1));
    Path other = disk.directories("/data/other");
    disk.directories("/data/other/cluster");
    assertTrue(refusal(other, List.of(disk1)).contains("disks of another base directory"));
    openAndClose(other, List.of(disk2));
    assertTrue(refusal(base, List.of(disk2)).contains("disks of another base directory"));
  }

  @Test
  void aBaseDirectoryIsNoDisk() throws IOException {
    Path other = disk.directories("/data/other");
    disk.create(other.resolve("config")).close();
    disk.create(other.resolve("lock")).close();
    assertTrue(refusal(base, List.of(other)).startsWith("/data/other is meta-store, abort"));
  }

  @Test
  void aCacheOutsideHasOneUserAtATime() throws IOException {
    Path ssd = disk.directories("/ssd");
    try (Closeable _ = CacheDirectory.take(disk, ssd, "a".repeat(32))) {
      IOException refused =
          assertThrows(IOException.class, () -> CacheDirectory.take(disk, ssd, "a".repeat(32)));
      assertEquals(
          "another sheep daemon is using the object cache /ssd/cache: choose another dir=",
          refused.getMessage());
    }
    CacheDirectory.take(disk, ssd, "a".repeat(32)).close();
  }

  @Test
  void aCacheIsUsedWithItsOwnBaseDirectoryOnly() throws IOException {
    Path ssd = disk.directories("/ssd");
    CacheDirectory.take(disk, ssd, "a".repeat(32)).close();
    String refused =
        String.valueOf(
            assertThrows(IOException.class, () -> CacheDirectory.take(disk, ssd, "b".repeat(32)))
                .getMessage());
    assertTrue(refused.startsWith("/ssd/cache is the object cache of another base"), refused);
    CacheDirectory.take(disk, ssd, "a".repeat(32)).close();
  }

  @Test
  void anOwnerThatACrashCutShortIsWrittenAgain() throws IOException {
    Path ssd = disk.directories("/ssd");
    disk.directories("/ssd/cache");
    try (DiskFile owner = disk.create(Path.of("/ssd/cache/owner"))) {
      owner.write(ByteBuffer.wrap(new byte[5]), 0);
    }
    CacheDirectory.take(disk, ssd, "a".repeat(32)).close();
    assertThrows(IOException.class, () -> CacheDirectory.take(disk, ssd, "b".repeat(32)));
  }

  private void openAndClose(Path directory, List<Path> disks) throws IOException {
    Path keptIn = directory.equals(base) ? records : directory.resolve("cluster");
    try (Coordination coordination = new EmbeddedCoordination(platform, Log.NONE, keptIn)) {
      StoreDirectories.find(disk, Log.NONE, directory, disks)
          .open(platform, Log.NONE, coordination)
          .close();
    }
  }

  private String refusal(Path directory, List<Path> disks) {
    IOException refused = assertThrows(IOException.class, () -> openAndClose(directory, disks));
    return String.valueOf(refused.getMessage());
  }
}
