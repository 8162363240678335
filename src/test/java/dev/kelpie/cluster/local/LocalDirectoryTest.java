package dev.kelpie.cluster.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which directory is made, and which are refused.
final class LocalDirectoryTest {
  private final MemoryDisk disk = new MemoryDisk();
  private final Path standard = disk.directories("/var/tmp").resolve("kelpie-" + disk.user());

  @Test
  void theDefaultIsMadeForItsUserAloneAndFoundAgain() throws IOException {
    assertEquals(standard, LocalDirectory.standard(disk));
    assertEquals(new Disk.Access(true, disk.user(), 0700), disk.access(standard));
    assertEquals(standard, LocalDirectory.standard(disk));
  }

  @Test
  void aDefaultThatSomebodyElseMadeIsRefused() throws IOException {
    disk.createDirectory(standard);
    disk.own(standard, disk.user() + 1, 0777);
    assertEquals(
        standard
            + " cannot be a cluster's directory: it belongs to user "
            + (disk.user() + 1)
            + "; -c local:DIR names another",
        refusal(() -> LocalDirectory.standard(disk)));
  }

  @Test
  void aDefaultThatIsOpenToOthersIsRefused() throws IOException {
    disk.createDirectory(standard);
    for (int mode : new int[] {0750, 0705, 0701, 0720}) {
      disk.own(standard, disk.user(), mode);
      assertEquals(
          standard + " cannot be a cluster's directory: others may enter it; chmod 700 " + standard,
          refusal(() -> LocalDirectory.standard(disk)));
    }
  }

  @Test
  void aNamedDirectoryMayBeSeenButNotWrittenByOthers() throws IOException {
    Path named = Path.of("/home");
    assertEquals(named, LocalDirectory.named(disk, named));
    assertEquals(0700, disk.access(named).mode());
    disk.own(named, disk.user(), 0755);
    assertEquals(named, LocalDirectory.named(disk, named));
    disk.own(named, disk.user(), 0775);
    assertEquals(
        "/home cannot be a cluster's directory: others may write to it; chmod 700 /home",
        refusal(() -> LocalDirectory.named(disk, named)));
    disk.own(named, 0, 0755);
    assertTrue(refusal(() -> LocalDirectory.named(disk, named)).contains("it belongs to user 0"));
  }

  @Test
  void aFileIsNoDirectory() throws IOException {
    Path named = Path.of("/file");
    disk.create(named).close();
    assertTrue(refusal(() -> LocalDirectory.named(disk, named)).contains("it is no directory"));
  }

  @Test
  void aLinkIsFollowedWhereItIsNamed(@TempDir Path home) throws IOException {
    Disk real = JvmPlatform.open((_, _) -> {}).disk();
    Path target = home.toRealPath().resolve("target");
    Path link = Files.createSymbolicLink(home.resolve("link"), target);
    Files.createDirectory(target);
    assertEquals(target, LocalDirectory.named(real, link));
    assertEquals(false, real.access(link).directory());
  }

  private static String refusal(org.junit.jupiter.api.function.Executable call) {
    return String.valueOf(assertThrows(IOException.class, call).getMessage());
  }
}
