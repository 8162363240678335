package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk that grows while real clients use it.
final class ResizeIT {
  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=64M,keep=always").start();
    sheep.format();
    sheep.dog("vdi", "create", "disk", "10M").ok();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  @Test
  void anAttachedLibnbdClientGoesOnAndReachesTheNewPart() {
    String script =
        """
        import subprocess
        old, new = 10 << 20, 20 << 20
        h.set_strict_mode(0)
        def refused(what):
            try:
                what()
            except nbd.Error:
                return
            raise SystemExit('what lies behind the end was served')
        h.pwrite(b'a' * 4096, 0)
        refused(lambda: h.pread(1, old))
        refused(lambda: h.pwrite(b'x', old))
        subprocess.run(command + [str(new)], check=True)
        assert h.get_size() == old
        h.pwrite(b'b' * 4096, old - 4096)
        assert h.pread(8192, old - 4096) == bytearray(b'b' * 4096 + b'\\0' * 4096)
        h.pwrite(b'c' * 4096, new - 4096)
        h.flush()
        refused(lambda: h.pread(1, new))
        refused(lambda: h.pwrite(b'x', new))
        other = nbd.NBD()
        other.connect_uri(uri)
        assert other.get_size() == new
        assert other.pread(4096, new - 4096) == bytearray(b'c' * 4096)
        assert other.pread(4096, 0) == bytearray(b'a' * 4096)
        assert subprocess.run(command + [str(old)]).returncode != 0
        assert h.pread(4096, new - 4096) == bytearray(b'c' * 4096)
        """;
    String names =
        "command = ['%s', 'vdi', 'resize', '-p', '%d', 'disk']\nuri = '%s'\n"
            .formatted(SheepProcess.program("dog"), sheep.port(), sheep.nbd("disk"));
    Ran.run(
            new byte[0],
            Map.of("PATH", "/usr/bin:/bin"),
            List.of("/usr/bin/nbdsh", "-u", sheep.nbd("disk"), "-c", names + script))
        .ok();
  }

  @Test
  void anAttachedQemuKeepsItsSizeAndTheNextOneSeesTheNew() throws Exception {
    Path out = temp.resolve("qemu-io.out");
    Process qemu =
        new ProcessBuilder("stdbuf", "-oL", "qemu-io", "-f", "raw", sheep.nbd("disk"))
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try (OutputStream commands = qemu.getOutputStream()) {
      tell(commands, "write -P 1 0 1M");
      Await.until("it has written", () -> text(out).contains("wrote 1048576/1048576"));
      sheep.dog("vdi", "resize", "disk", "20M").ok();
      assertEquals("20971520\n", Ran.run("nbdinfo", "--size", sheep.nbd("disk")).ok().out());
      tell(commands, "write -P 2 9M 1M");
      tell(commands, "read -P 1 0 1M");
      tell(commands, "write -P 3 10M 1M");
      tell(commands, "flush");
      tell(commands, "length");
      tell(commands, "quit");
    }
    assertTrue(qemu.waitFor(60, TimeUnit.SECONDS), "qemu-io ends");
    String said = text(out);
    assertEquals(2, said.split("wrote 1048576/1048576", -1).length - 1, said);
    assertTrue(said.contains("read 1048576/1048576"), said);
    assertFalse(said.contains("verification failed"), said);
    assertTrue(said.contains("10 MiB"), said);
    Ran.run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "read -P 2 9M 1M",
            "-c",
            "read -P 0 10M 10M",
            "-c",
            "write -P 3 19M 1M",
            sheep.nbd("disk"))
        .ok();
  }

  @Test
  void aResizedDiskKeepsItsSizeOverAKillAndInSnapshots() {
    sheep.dog("vdi", "snapshot", "-s", "small", "disk").ok();
    sheep.dog("vdi", "resize", "disk", "20M").ok();
    sheep.kill();
    sheep.start();
    assertEquals("20971520\n", Ran.run("nbdinfo", "--size", sheep.nbd("disk")).ok().out());
    assertEquals("10485760\n", Ran.run("nbdinfo", "--size", sheep.nbd("disk@small")).ok().out());
  }

  private static void tell(OutputStream commands, String line) throws IOException {
    commands.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    commands.flush();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
