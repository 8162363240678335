package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `dog vdi cache mode` and `quota` under real clients.
final class CacheModeIT {
  private static final List<String> MODES = List.of("writethrough", "none", "writeback");

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=64M,keep=always,dirty=5").start().format();
    sheep.dog("vdi", "create", "disk", "96M").ok();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  /// As often as it takes for every mode to be had while fio runs.
  @Test
  void modesChangeUnderFioAndWhatItWroteIsThere() throws Exception {
    int changes = 0;
    while (changes <= MODES.size()) {
      FutureTask<Ran> fio = new FutureTask<>(this::writeAndVerify);
      Thread.startVirtualThread(fio);
      while (!fio.isDone()) {
        String mode = MODES.get(changes % MODES.size());
        sheep.dog("vdi", "cache", "mode", "disk", mode).ok();
        assertEquals(mode + "\n", sheep.dog("vdi", "cache", "mode", "disk").ok().out());
        changes++;
      }
      fio.get().ok();
    }
  }

  private Ran writeAndVerify() {
    return Ran.run(
        "fio",
        "--ioengine=nbd",
        "--uri=" + sheep.nbd("disk"),
        "--name=verify",
        "--rw=randwrite",
        "--bsrange=4k-64k",
        "--blockalign=4k",
        "--size=24m",
        "--iodepth=16",
        "--rate=2m,64m",
        "--fsync=100",
        "--verify=crc32c",
        "--do_verify=1",
        "--verify_fatal=1",
        "--verify_state_save=0",
        "--thread");
  }

  @Test
  void afterTheSwitchNothingIsOnlyInTheCache() {
    String uri = sheep.nbd("disk");
    for (String mode : List.of("writethrough", "none")) {
      sheep.dog("vdi", "cache", "mode", "disk", "writeback").ok();
      Ran.run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 3M", uri).ok();
      sheep.dog("vdi", "cache", "mode", "disk", mode).ok();
      assertFalse(dirty(), mode);
      Ran.run("qemu-io", "-f", "raw", "-t", "writeback", "-c", "write -P 0x5b 2M 3M", uri).ok();
      assertFalse(dirty(), mode);
    }
    String quota = sheep.dog("vdi", "cache", "quota", "-j", "disk").ok().out();
    assertTrue(
        quota.contains("\"used\":0"), () -> "mode none has dropped what there was: " + quota);
    Ran.run("qemu-io", "-f", "raw", "-c", "read -P 0x5a 1M 1M", "-c", "read -P 0x5b 2M 3M", uri)
        .ok();
  }

  private boolean dirty() {
    String info = sheep.dog("vdi", "cache", "info", "-j").ok().out();
    return info.replace("\"dirty\":0,", "").contains("\"dirty\":");
  }

  @Test
  void settingsOutliveAKillAndGoAlongWithSnapshotAndRollback() {
    sheep.dog("vdi", "cache", "mode", "disk", "writethrough").ok();
    sheep.dog("vdi", "cache", "quota", "disk", "--max", "16M", "--min", "4M").ok();
    Ran.run("qemu-io", "-f", "raw", "-c", "write -P 1 0 64M", "-c", "flush", sheep.nbd("disk"))
        .ok();
    String shown = sheep.dog("vdi", "cache", "quota", "disk").ok().out();
    assertEquals("Name\tMax\tMin\tUsed\ndisk\t16 MB\t4.0 MB\t16 MB\n", shown);
    sheep.kill();
    sheep.start();
    assertEquals(shown, sheep.dog("vdi", "cache", "quota", "disk").ok().out());
    sheep.dog("vdi", "snapshot", "-s", "clean", "disk").ok();
    Ran.run("qemu-io", "-f", "raw", "-c", "write -P 2 0 64M", "-c", "flush", sheep.nbd("disk"))
        .ok();
    assertEquals(shown, sheep.dog("vdi", "cache", "quota", "disk").ok().out());
    sheep.dog("vdi", "rollback", "-f", "-s", "clean", "disk").ok();
    String back = sheep.dog("vdi", "cache", "quota", "-j", "disk").ok().out();
    assertTrue(
        back.startsWith(
            "{\"name\":\"disk\",\"mode\":\"writethrough\",\"max\":16777216,\"min\":4194304,"),
        back);
    Ran.run("qemu-io", "-f", "raw", "-r", "-c", "read -P 1 0 64M", sheep.nbd("disk")).ok();
    Ran refused = sheep.dog("vdi", "cache", "quota", "disk", "--max", "none", "--min", "60M");
    assertEquals(1, refused.status());
    assertTrue(refused.err().contains("three quarters"), refused::toString);
    sheep.dog("vdi", "delete", "disk").ok();
    sheep.dog("vdi", "create", "disk", "96M").ok();
    assertEquals("writeback\n", sheep.dog("vdi", "cache", "mode", "disk").ok().out());
  }
}
