package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real admin program against the real daemon.
final class DogIT {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int OBJECT = 4 << 20;
  private static final String SEVEN_SIZE = "29360128";

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=64M,keep=always").start();
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

  /// The fields of `vdi list -r` without the time, which is the seventh.
  private String list(String... words) {
    String[] all = Arrays.copyOf(new String[] {"vdi", "list", "-r"}, 3 + words.length);
    System.arraycopy(words, 0, all, 3, words.length);
    return sheep.dog(all).ok().out().replaceAll("(?m)^((\\S+ ){6})\\d+ ", "$1");
  }

  private void refuses(String err, int status, String... words) {
    Ran ran = sheep.dog(words).exits(status);
    assertEquals(err, ran.err());
    assertEquals("", ran.out());
  }

  @Test
  void aClusterIsFormattedLookedAtAndShutDown() {
    assertEquals(
        "Cluster status: Waiting for cluster to be formatted\n",
        sheep.dog("cluster", "info").ok().out());
    refuses(
        "Failed to create VDI vm: Waiting for cluster to be formatted\n",
        1,
        "vdi",
        "create",
        "vm",
        "1G");
    assertEquals(
        "using backend plain store\n", sheep.dog("cluster", "format", "-c", "1").ok().out());
    String info = sheep.dog("cluster", "info", "-v").ok().out();
    assertTrue(
        info.startsWith(
            """
            Cluster status: running, auto-recovery enabled
            Cluster store: plain with 1 redundancy policy
            Cluster vnode mode: node
            Cluster created at\
            """),
        info);
    String node = "127.0.0.1:" + sheep.port();
    assertTrue(info.endsWith("      1 [" + node + "]\n"), info);
    assertTrue(sheep.dog("node", "list", "-r").ok().out().startsWith("0 " + node + " "));
    assertTrue(
        sheep
            .dog("node", "info", "-r")
            .ok()
            .out()
            .matches("0 \\d+ \\d+ \\d+ \\d+%\nTotal \\d+ \\d+ \\d+ \\d+% 0\n"));
    sheep.dog("cluster", "shutdown").ok();
    assertEquals(0, sheep.awaitEnd());
  }

  @Test
  void anImageIsCopiedInAndOut() {
    sheep.format();
    byte[] image = random(6 * OBJECT + 777);
    sheep.dog("vdi", "create", "vm1", "7M").ok();
    sheep.dog("vdi", "resize", "vm1", SEVEN_SIZE).ok();
    sheep.dog(image, "vdi", "write", "vm1", "0", "" + image.length).ok();
    assertArrayEquals(
        Arrays.copyOf(image, 7 * OBJECT),
        sheep.dog("vdi", "read", "vm1").ok().bytes(),
        () -> "seed " + SEED);
    assertArrayEquals(
        Arrays.copyOfRange(image, 4_000_000, 5_000_000),
        sheep.dog("vdi", "read", "vm1", "4000000", "1000000").ok().bytes());
    assertEquals("= vm1 0 " + SEVEN_SIZE + " " + SEVEN_SIZE + " 0 c59887 1 \n", list());
    sheep.dog(new byte[] {'x'}, "vdi", "write", "-w", "vm1", "5000000", "1").ok();
    sheep.dog("vdi", "cache", "flush", "vm1").ok();
    assertEquals("x", sheep.dog("vdi", "read", "vm1", "5000000", "1").ok().out());
    assertTrue(
        sheep
            .dog("vdi", "cache", "info")
            .ok()
            .out()
            .startsWith("Name\tTag\tTotal\tDirty\tClean\nvm1\t\t"));
  }

  @Test
  void snapshotsAreTakenClonedRolledBackAndDeleted() {
    sheep.format();
    byte[] before = random(2 * OBJECT);
    sheep.dog("vdi", "create", "test", "" + 3 * OBJECT).ok();
    sheep.dog(before, "vdi", "write", "test", "0", "" + before.length).ok();
    assertEquals(
        "7c2b26 7c2b25\n", sheep.dog("vdi", "snapshot", "-v", "-r", "-s", "s1", "test").ok().out());
    sheep.dog(new byte[1000], "vdi", "write", "test", "0", "1000").ok();
    assertEquals(
        """
        s test 1 12582912 8388608 0 7c2b25 1 s1
        = test 0 12582912 4194304 4194304 7c2b26 1\s
        """,
        list("test"));
    byte[] after = Arrays.copyOf(before, before.length);
    Arrays.fill(after, 0, 1000, (byte) 0);
    assertArrayEquals(after, read("test", "0", "8M"));
    assertArrayEquals(before, sheep.dog("vdi", "read", "-s", "s1", "test", "0", "8M").bytes());
    for (String options : List.of("shared", "-n", "-P")) {
      String name = "clone" + options;
      Ran clone =
          options.equals("shared")
              ? sheep.dog("vdi", "clone", "-s", "s1", "test", name)
              : sheep.dog("vdi", "clone", options, "-s", "1", "test", name);
      clone.ok();
      assertArrayEquals(before, read(name, "0", "8M"), name);
    }
    String clones = list();
    assertTrue(clones.contains("c cloneshared 0 12582912 0 8388608 "), clones);
    assertTrue(clones.contains("= clone-n 0 12582912 8388608 0 "), clones);
    assertTrue(clones.contains("c clone-P 0 12582912 12582912 0 "), clones);
    sheep.dog("vdi", "rollback", "-f", "-s", "s1", "test").ok();
    assertArrayEquals(before, read("test", "0", "8M"));
    sheep.dog("vdi", "delete", "-s", "s1", "test").ok();
    sheep.dog("vdi", "delete", "test").ok();
    assertArrayEquals(before, read("cloneshared", "0", "8M"));
    assertEquals("", list("test"));
  }

  private byte[] read(String... words) {
    String[] all = Arrays.copyOf(new String[] {"vdi", "read"}, 2 + words.length);
    System.arraycopy(words, 0, all, 2, words.length);
    return sheep.dog(all).ok().bytes();
  }

  @Test
  void whatCannotBeDoneIsRefusedAsInTheOriginal() {
    sheep.format();
    sheep.dog("vdi", "create", "test", "4M").ok();
    sheep.dog("vdi", "snapshot", "-s", "s1", "test").ok();
    refuses("Failed to create VDI test: VDI exists already\n", 1, "vdi", "create", "test", "1M");
    refuses(
        "Failed to create snapshot for test, maybe snapshot id (0) or tag (s1) is existed\n",
        1,
        "vdi",
        "snapshot",
        "-s",
        "s1",
        "test");
    refuses(
        "Failed to create snapshot for gone: No VDI found\n",
        1,
        "vdi",
        "snapshot",
        "-s",
        "s1",
        "gone");
    refuses(
        "Failed to open VDI gone (snapshot id: 0 snapshot tag: ): No VDI found\n",
        0,
        "vdi",
        "delete",
        "gone");
    refuses(
        "Failed to open VDI test (snapshot id: 9 snapshot tag: ): Failed to find requested tag\n",
        0,
        "vdi",
        "delete",
        "-s",
        "9",
        "test");
    String log = "Failed to execute request, look for sheep.log for more information\n";
    refuses(log, 1, "node", "md", "unplug", "-f", "/x");
    refuses(log, 1, "node", "md", "plug", "-f", "relative");
    Ran shrunk = sheep.dog("vdi", "resize", "test", "1M").exits(64);
    assertEquals("Shrinking VDIs is not implemented\n", shrunk.err());
  }

  @Test
  void objectsAreFound() {
    sheep.format();
    sheep.dog("vdi", "create", "-P", "test", "12M").ok();
    assertEquals(
        "Index       VID\n00000000   7c2b25\n00000001   7c2b25\n00000002   7c2b25\n",
        sheep.dog("vdi", "object", "map", "test").ok().out());
    String node = "127.0.0.1:" + sheep.port();
    assertEquals(
        "Looking for the object 007c2b2500000001 (vid 0x7c2b25 idx 1, 1 copies) with 1 nodes\n\n"
            + node
            + " has the object\n\n"
            + "According to sheepdog algorithm, the object should be located at:\n"
            + node
            + "\n",
        sheep.dog("vdi", "object", "location", "-i", "1", "test").ok().out());
  }

  /// The name comes out of a shell, byte for byte, because Java would not pass it on.
  @Test
  void namesAreBytesInEveryLocale() {
    sheep.format();
    String dog = SheepProcess.program("dog");
    String at = " -a 127.0.0.1 -p " + sheep.port();
    String script =
        "name=$(printf 'n\\344\\377 x')\n"
            + dog
            + " vdi create \"$name\" 1M"
            + at
            + " && "
            + dog
            + " vdi list -r \"$name\""
            + at;
    for (String locale : List.of("C", "C.UTF-8")) {
      Ran ran = Ran.run(new byte[0], Map.of("LC_ALL", locale), List.of("bash", "-c", script)).ok();
      String hex = HexFormat.of().formatHex(ran.bytes());
      assertTrue(hex.startsWith("3d206ee4ff5c2078203020"), hex);
      String gone =
          script.substring(0, script.indexOf('\n')) + "\n" + dog + " vdi delete \"$name\"";
      Ran.run(new byte[0], Map.of("LC_ALL", locale), List.of("bash", "-c", gone + at)).ok();
    }
  }

  @Test
  void withoutADaemonTheConnectionErrorComesFirst() {
    sheep.kill();
    String refused = "failed to connect to 127.0.0.1:" + sheep.port() + ": Connection refused\n";
    assertEquals(refused.repeat(2), sheep.dog("vdi", "list", "-r").exits(2).err());
    assertEquals("", Ran.run(SheepProcess.program("collie")).ok().err());
    String dog = SheepProcess.program("dog");
    assertEquals(
        dog + ": invalid option -- 'Q'\nTry 'dog --help' for more information.\n",
        Ran.run(dog, "vdi", "list", "-Q").exits(64).err());
    assertEquals(
        "Invalid command 'x'\nTry 'dog --help' for more information.\n",
        Ran.run(dog, "x").exits(64).err());
  }
}
