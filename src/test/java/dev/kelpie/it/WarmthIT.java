package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the real daemon brings into its cache before it is read.
final class WarmthIT {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int IMAGE_SIZE = 12 << 20;

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=64M,keep=always").start();
    sheep.format();
    sheep.dog("vdi", "create", "disk", "32M").ok();
    byte[] image = new byte[IMAGE_SIZE];
    new Random(SEED).nextBytes(image);
    sheep.dog(image, "vdi", "write", "disk", "0", "" + IMAGE_SIZE).ok();
    sheep.dog("vdi", "cache", "delete", "disk").ok();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  @Test
  void aDiskIsWarmedOnDemand() {
    assertEquals(
        "4.0 MB read into the cache of 4.0 MB in disk\n",
        sheep.dog("vdi", "cache", "warm", "--range", "2M:4M", "disk").ok().out());
    assertEquals(
        "8.0 MB read into the cache of 12 MB in disk\n",
        sheep.dog("vdi", "cache", "warm", "disk").ok().out());
    sheep.dog("vdi", "cache", "warm", "nothing").exits(1);
  }

  @Test
  void anNbdClientWarmsWithItsCacheCommand() {
    nbdsh("h.cache(4 << 20, 1 << 20)");
    assertEquals(
        "8.0 MB read into the cache of 12 MB in disk\n",
        sheep.dog("vdi", "cache", "warm", "disk").ok().out());
  }

  @Test
  void whatWasReadAfterAnOpeningIsFetchedAheadAfterARestart() {
    sheep.stop();
    sheep.start();
    nbdsh("h.pread(2 << 20, 4 << 20)");
    sheep.stop();
    assertTrue(sheep.log().contains("a boot set of 512 blocks is kept"), sheep::log);
    sheep.start();
    sheep.dog("vdi", "cache", "delete", "disk").ok();
    nbdsh("import time\nfor i in range(300):\n  h.pread(512, 0); time.sleep(0.01)");
    Await.until(
        "the log says what was fetched",
        () -> sheep.log().contains("2048 KiB of its boot set were fetched ahead of it"));
  }

  private void nbdsh(String script) {
    Ran.run(
            new byte[0],
            Map.of("PATH", "/usr/bin:/bin"),
            List.of("/usr/bin/nbdsh", "-u", sheep.nbd("disk"), "-c", script))
        .ok();
  }
}
