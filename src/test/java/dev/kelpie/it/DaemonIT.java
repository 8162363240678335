package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The daemon's life as an operator sees it: what starts, what is refused, what survives.
final class DaemonIT {
  private static final int MIB = 1 << 20;
  private static final String CACHE = "size=64M,keep=always";

  @TempDir Path temp;

  @Test
  void anUnformattedClusterTellsNbdClientsTheCommand() {
    try (SheepProcess sheep = SheepProcess.in(temp).start()) {
      Ran ran = Ran.run("qemu-img", "info", sheep.nbd("disk"));
      assertFalse(ran.status() == 0, ran.toString());
      assertTrue(ran.err().contains("dog cluster format -c 1"), ran.toString());
    }
  }

  @Test
  void whatWasWrittenIsThereAfterAStopAndAStart() {
    for (List<String> options : List.of(List.<String>of(), List.of("-w", CACHE))) {
      Path directory = temp.resolve("with" + options.size());
      byte[] data = random(3 * MIB + 4096);
      try (SheepProcess sheep = SheepProcess.in(made(directory)).with(options).start().format()) {
        sheep.dog("vdi", "create", "disk", "1G").ok();
        sheep.dog(data, "vdi", "write", "disk", "1048576", "" + data.length).ok();
        sheep.stop();
        assertTrue(sheep.log().stripTrailing().endsWith(" shutdown"), sheep.log());
        sheep.start();
        assertArrayEquals(data, read(sheep, "disk", MIB, data.length));
      }
    }
  }

  @Test
  void unflushedWritesSurviveAnOrderlyStopEvenIfItIsAskedForTwice() {
    try (SheepProcess sheep = SheepProcess.in(temp).with("-w", CACHE).start().format()) {
      sheep.dog("vdi", "create", "disk", "1G").ok();
      // qemu-io without a flush: "-t unsafe" drops it.
      Ran.run(
              "qemu-io",
              "-t",
              "unsafe",
              "-f",
              "raw",
              "-c",
              "write -P 0x5a 0 16M",
              sheep.nbd("disk"))
          .ok();
      sheep.handle().destroy();
      sheep.handle().destroy();
      assertEquals(0, sheep.awaitEnd(), sheep::log);
      sheep.start();
      assertTrue(same((byte) 0x5a, read(sheep, "disk", 0, 16 * MIB)));
    }
  }

  @Test
  void flushedWritesSurviveAKill() {
    for (List<String> options : List.of(List.<String>of(), List.of("-w", CACHE))) {
      Path directory = temp.resolve("with" + options.size());
      try (SheepProcess sheep = SheepProcess.in(made(directory)).with(options).start().format()) {
        sheep.dog("vdi", "create", "disk", "1G").ok();
        Ran.run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 0x33 4k 9M",
                "-c",
                "flush",
                sheep.nbd("disk"))
            .ok();
        sheep.kill();
        sheep.start();
        assertTrue(same((byte) 0x33, read(sheep, "disk", 4096, 9 * MIB)));
      }
    }
  }

  @Test
  void dogEndsTheDaemonInGoodOrder() {
    try (SheepProcess sheep = SheepProcess.in(temp).start().format()) {
      sheep.dog("cluster", "shutdown").ok();
      assertEquals(0, sheep.awaitEnd(), sheep::log);
      sheep.start();
      sheep.dog("node", "kill", "0").ok();
      assertEquals(0, sheep.awaitEnd(), sheep::log);
    }
  }

  @Test
  void formattingAgainForgetsEverything() {
    for (List<String> options : List.of(List.<String>of(), List.of("-w", CACHE))) {
      Path directory = temp.resolve("with" + options.size());
      try (SheepProcess sheep = SheepProcess.in(made(directory)).with(options).start().format()) {
        sheep.dog("vdi", "create", "disk", "64M").ok();
        String before = sheep.dog("vdi", "list", "-r").ok().out();
        sheep.dog(random(MIB), "vdi", "write", "disk", "0", "" + MIB).ok();
        sheep.dog("yes\n".getBytes(StandardCharsets.US_ASCII), "cluster", "format", "-c", "1").ok();
        assertEquals("", sheep.dog("vdi", "list", "-r").ok().out());
        sheep.dog("vdi", "create", "disk", "64M").ok();
        String after = sheep.dog("vdi", "list", "-r").ok().out();
        assertEquals(field(before, 7), field(after, 7), "the id of the same name");
        assertTrue(same((byte) 0, read(sheep, "disk", 0, MIB)));
        sheep.stop();
        sheep.start();
        assertTrue(same((byte) 0, read(sheep, "disk", 0, MIB)));
      }
    }
  }

  @Test
  void aDiskInUseKeepsTheClusterFromBeingFormatted() throws Exception {
    try (SheepProcess sheep = SheepProcess.in(temp).start().format()) {
      sheep.dog("vdi", "create", "disk", "64M").ok();
      Process client =
          new ProcessBuilder("qemu-io", "-f", "raw", sheep.nbd("disk"))
              .redirectErrorStream(true)
              .start();
      Await.until("the disk is in use", () -> sheep.log().contains("uses disk"));
      Ran refused =
          sheep.dog("yes\n".getBytes(StandardCharsets.US_ASCII), "cluster", "format", "-c", "1");
      assertEquals(2, refused.status(), refused::toString);
      assertTrue(sheep.log().contains("detach them first"), sheep.log());
      client.destroy();
      client.onExit().join();
      sheep.dog("vdi", "list", "disk").ok();
      sheep.dog("yes\n".getBytes(StandardCharsets.US_ASCII), "cluster", "format", "-c", "1").ok();
    }
  }

  @Test
  void aDefaultNbdPortThatIsTakenIsAWarning() throws IOException {
    int port = SheepProcess.freePort();
    Path base = temp.resolve("base");
    try (ServerSocket _ =
        new ServerSocket(port + 3809, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
      Ran.run(
              SheepProcess.program("sheep"),
              "-p",
              "" + port,
              "-P",
              temp.resolve("pid").toString(),
              base.toString())
          .ok();
      try {
        String log = Files.readString(base.resolve("sheep.log"));
        assertTrue(log.contains("WARN [main]") && log.contains("NBD is not served"), log);
      } finally {
        long pid = Long.parseLong(Files.readString(temp.resolve("pid")).trim());
        ProcessHandle handle = ProcessHandle.of(pid).orElseThrow();
        handle.destroy();
        handle.onExit().join();
      }
    }
  }

  @Test
  void anNbdPortThatWasAskedForAndIsTakenIsRefused() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + taken.getLocalPort();
      Ran ran =
          Ran.run(
              SheepProcess.program("sheep"),
              "-p",
              "" + SheepProcess.freePort(),
              "--nbd",
              at,
              temp.resolve("base").toString());
      assertEquals(1, ran.status());
      assertTrue(ran.err().startsWith("failed to bind NBD socket: " + at), ran.err());
      assertFalse(Files.exists(temp.resolve("base")));
    }
  }

  @Test
  void directoriesOfOthersAreRefusedAndUnchanged() throws IOException {
    byte[] config = new byte[40];
    ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putShort(30, (short) 5);
    Path base = made(temp.resolve("base"));
    Files.write(base.resolve("config"), config);
    Files.createDirectory(base.resolve("obj"));
    Files.createDirectory(base.resolve("epoch"));
    Map<String, byte[]> before = tree(base);
    Ran ran =
        Ran.run(SheepProcess.program("sheep"), "-p", "" + SheepProcess.freePort(), base.toString());
    assertEquals(1, ran.status());
    assertTrue(
        ran.err()
            .startsWith("This sheep version is not compatible with the existing data layout, 5\n"),
        ran.err());
    assertEquals(before.keySet(), tree(base).keySet());
    assertArrayEquals(config, tree(base).get("config"));
  }

  @Test
  void damagedFilesAreNamedAndStopTheStart() throws IOException {
    try (SheepProcess sheep = SheepProcess.in(temp).start().format()) {
      sheep.stop();
      for (String file : List.of("config", "store/disk")) {
        Path path = sheep.base().resolve(file);
        byte[] good = Files.readAllBytes(path);
        byte[] bad = good.clone();
        Arrays.fill(bad, (byte) 0x55);
        Files.write(path, bad);
        Process failing = sheep.launch();
        assertEquals(1, failing.onExit().join().exitValue());
        assertTrue(sheep.output().contains(path.toString()), sheep.output());
        assertArrayEquals(bad, Files.readAllBytes(path));
        Files.write(path, good);
      }
      sheep.start();
    }
  }

  @Test
  void objectsAreSpreadOverDisksAndNoDiskMayBeForgotten() throws IOException {
    Path disk1 = temp.resolve("disk1");
    Path disk2 = temp.resolve("disk2");
    try (SheepProcess sheep = SheepProcess.in(temp).onDisks(disk1, disk2).start().format()) {
      sheep.dog("vdi", "create", "-P", "disk", "64M").ok();
      assertTrue(count(disk1.resolve("obj")) > 0 && count(disk2.resolve("obj")) > 0);
      sheep.stop();
      for (List<Path> wrong :
          List.of(List.<Path>of(), List.of(disk1), List.of(temp.resolve("new")))) {
        assertEquals(
            1, sheep.onDisks(wrong.toArray(Path[]::new)).launch().onExit().join().exitValue());
      }
      sheep.onDisks(disk2, disk1).start();
      sheep.dog("vdi", "list", "disk").ok();
    }
  }

  private static byte[] read(SheepProcess sheep, String disk, long offset, int length) {
    return sheep.dog("vdi", "read", disk, "" + offset, "" + length).ok().bytes();
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    Seeds.generator("DaemonIT").nextBytes(bytes);
    return bytes;
  }

  private static boolean same(byte expected, byte[] bytes) {
    for (byte b : bytes) {
      if (b != expected) {
        return false;
      }
    }
    return true;
  }

  private static String field(String line, int index) {
    return line.split(" ", -1)[index];
  }

  private static Path made(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long count(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.count();
    }
  }

  private static Map<String, byte[]> tree(Path root) throws IOException {
    Map<String, byte[]> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.toList()) {
        found.put(
            root.relativize(path).toString(),
            Files.isRegularFile(path) ? Files.readAllBytes(path) : new byte[0]);
      }
    }
    return found;
  }
}
