package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What operators and the programs of others do with the real admin program and daemon.
final class OperatorIT {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final byte[] YES = "yes\n".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=64M,keep=always").start();
    sheep.format();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(SEED).nextBytes(bytes);
    return bytes;
  }

  private void write(String name, byte[] image) {
    sheep.dog(image, "vdi", "write", name, "0", "" + image.length).ok();
  }

  @Test
  void attributesSurviveSnapshotsAndRestarts() {
    sheep.dog("vdi", "create", "vm1", "4M").ok();
    sheep.dog("vdi", "setattr", "vm1", "owner", "anna").ok();
    sheep.dog("vdi", "snapshot", "-s", "s1", "vm1").ok();
    sheep.kill();
    sheep.start();
    assertEquals("anna", sheep.dog("vdi", "getattr", "vm1", "owner").ok().out());
    sheep.dog("vdi", "setattr", "-x", "vm1", "owner", "bert").exits(3);
    sheep.dog("vdi", "setattr", "-d", "vm1", "owner").ok();
    sheep.dog("vdi", "getattr", "vm1", "owner").exits(5);
  }

  @Test
  void aBackupIsRestored() {
    sheep.dog("vdi", "create", "vm1", "12M").ok();
    write("vm1", random(9_000_000));
    sheep.dog("vdi", "snapshot", "-s", "s1", "vm1").ok();
    byte[] changed = random(9_000_000);
    changed[5_000_000] ^= 1;
    write("vm1", changed);
    sheep.dog("vdi", "snapshot", "-s", "s2", "vm1").ok();
    byte[] backup = sheep.dog("vdi", "backup", "-F", "s1", "-s", "s2", "vm1").ok().bytes();
    assertEquals(8 + 16 + 512 + 16, backup.length, () -> "one sector, seed " + SEED);
    byte[] second = sheep.dog("vdi", "read", "-s", "s2", "vm1").ok().bytes();
    sheep.dog("vdi", "delete", "-s", "s2", "vm1").ok();
    sheep.dog(backup, "vdi", "restore", "-s", "s1", "vm1").ok();
    String restored =
        sheep
            .dog("vdi", "list", "-r", "vm1")
            .ok()
            .out()
            .lines()
            .filter(line -> line.startsWith("s "))
            .toList()
            .getLast()
            .split(" ", -1)[2];
    assertArrayEquals(
        second, sheep.dog("vdi", "read", "-s", restored, "vm1").ok().bytes(), () -> "seed " + SEED);
    sheep.dog("cluster", "check").ok();
  }

  @Test
  void aClusterIsSavedAndLoaded() {
    String farm = temp.resolve("farm").toString();
    sheep.dog("vdi", "create", "vm1", "8M").ok();
    byte[] image = random(8 << 20);
    write("vm1", image);
    sheep.dog("vdi", "snapshot", "-s", "s1", "vm1").ok();
    sheep.dog("vdi", "clone", "-s", "s1", "vm1", "vm2").ok();
    write("vm2", new byte[1000]);
    sheep.dog("vdi", "snapshot", "-s", "c1", "vm2").ok();
    sheep.dog("cluster", "snapshot", "save", "first", farm).ok();
    write("vm1", new byte[8 << 20]);
    sheep.dog(YES, "cluster", "snapshot", "load", "first", farm).ok();
    assertArrayEquals(image, sheep.dog("vdi", "read", "vm1").ok().bytes(), () -> "seed " + SEED);
    byte[] clone = image.clone();
    Arrays.fill(clone, 0, 1000, (byte) 0);
    assertArrayEquals(clone, sheep.dog("vdi", "read", "-s", "c1", "vm2").ok().bytes());
    sheep.dog("cluster", "check").ok();
  }

  @Test
  void aDiskIsReplacedWhileTheNodeServes() {
    String added = temp.resolve("added").toString();
    String first = sheep.dog("node", "md", "info", "-r").ok().out().trim().split("% ", 2)[1];
    sheep.dog("vdi", "create", "vm1", "24M").ok();
    byte[] image = random(24 << 20);
    write("vm1", image);
    sheep.dog("node", "md", "plug", "-f", added).ok();
    sheep.dog("node", "md", "unplug", "-f", first).ok();
    assertTrue(sheep.dog("node", "md", "info", "-r").ok().out().endsWith("% " + added + "\n"));
    assertArrayEquals(image, sheep.dog("vdi", "read", "vm1").ok().bytes(), () -> "seed " + SEED);
    sheep.dog("cluster", "check").ok();
    sheep.dog("node", "md", "unplug", "-f", added).exits(1);
    assertTrue(sheep.log().contains(added + " is the only disk of the store"), sheep::log);
  }

  @Test
  void settingsOfTheNodeAreChangedWhileItRuns() {
    sheep.dog("node", "log", "level", "set", "debug").ok();
    assertEquals("debug (7)\n", sheep.dog("node", "log", "level", "get").ok().err());
    sheep.dog("node", "recovery", "set-throttle", "10", "200").ok();
    assertEquals(
        "max (10), interval (200)\n", sheep.dog("node", "recovery", "get-throttle").ok().err());
    sheep.dog("cluster", "recover", "disable").ok();
    assertTrue(
        sheep
            .dog("cluster", "info")
            .ok()
            .out()
            .startsWith("Cluster status: running, auto-recovery disabled\n"));
    assertTrue(
        Pattern.matches(
            "127\\.0\\.0\\.1:\\d+ 0 \\d+ \\d+ \\d+ \\d+% /.*\n",
            sheep.dog("node", "md", "info", "-r").ok().out()));
  }

  @Test
  void droppingACacheShowsABarOnATerminalAndNothingElsewhere() {
    sheep.dog("vdi", "create", "vm1", "16M").ok();
    write("vm1", random(9_000_000));
    assertEquals("", onTerminal("vdi cache flush vm1"), "nothing is dirty");
    String drawn = onTerminal("vdi cache delete vm1");
    assertTrue(
        Pattern.compile("\\r100\\.0 % \\[=+] (\\S+ MB) / \\1 *\\r?\\n$").matcher(drawn).find(),
        drawn);
    write("vm1", random(9_000_000));
    assertEquals("", sheep.dog("vdi", "cache", "delete", "vm1").ok().out());
  }

  private String onTerminal(String command) {
    String line = SheepProcess.program("dog") + " " + command + " -p " + sheep.port();
    return Ran.run("script", "-qec", line, "/dev/null").ok().out();
  }

  /// The rules are those of spec/cli.md §9; `dog.ParsersTest` has them with every corner.
  @Test
  void outsideProgramsReadTheRealOutput() {
    sheep.dog("vdi", "create", "vm-100-disk-1", "8M").ok();
    write("vm-100-disk-1", random(5_000_000));
    sheep.dog("vdi", "snapshot", "-s", "base", "vm-100-disk-1").ok();
    String list = sheep.dog("vdi", "list", "-r").ok().out();
    assertTrue(
        Pattern.compile("^= vm-100-disk-1 \\d+ (\\d+) (\\d+) .*\n", Pattern.MULTILINE)
            .matcher(list)
            .find(),
        () -> "libvirt: " + list);
    assertTrue(
        Pattern.compile(
                "^s (\\S+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\S+) (\\d+) (\\S+)$",
                Pattern.MULTILINE)
            .matcher(list)
            .find(),
        () -> "Proxmox: " + list);
    String info = sheep.dog("node", "info", "-r").ok().out();
    assertTrue(
        Pattern.compile("[\\w\\s%]*Total\\s(\\d+)\\s(\\d+)\\s(\\d+)*").matcher(info).lookingAt(),
        () -> "Cinder: " + info);
    assertTrue(
        sheep.dog("cluster", "info").ok().out().startsWith("Cluster status: running"), "Cinder");
    assertTrue(
        sheep
            .dog("vdi", "create", "vm-100-disk-1", "1M")
            .exits(1)
            .err()
            .strip()
            .endsWith(": VDI exists already"),
        "Cinder");
    assertEquals(
        "8388608",
        sheep.dog("vdi", "list", "-r", "vm-100-disk-1").ok().out().split(" ", -1)[3],
        "Glance");
    assertTrue(
        Pattern.compile("^\\s*group = \"vm-100-disk-1\",$", Pattern.MULTILINE)
            .matcher(sheep.dog("vdi", "graph").ok().out())
            .find(),
        "Proxmox");
  }
}
