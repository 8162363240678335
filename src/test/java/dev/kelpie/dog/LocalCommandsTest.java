package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands that ask no sheep.
final class LocalCommandsTest {
  @TempDir Path temp;

  private final DogRun run = DogRun.withoutSheep();

  @Test
  void nodeFormatWritesTheStoresName() throws IOException {
    run.dog("node format " + temp + " tree").prints("");
    byte[] expected = new byte[16];
    System.arraycopy(new byte[] {'t', 'r', 'e', 'e'}, 0, expected, 0, 4);
    assertArrayEquals(expected, Files.readAllBytes(temp.resolve("node_config")));
    run.dog("node format " + temp + " plain")
        .fails("config file already exists: " + temp + "/node_config\n", 2);
    run.dog("node format " + temp + " farm").fails("expected store format: plain, tree\n", 2);
    run.dog("node format " + temp + "/gone plain")
        .fails(
            "failed to create a config file ("
                + temp
                + "/gone/node_config): No such file or directory\n",
            2);
    run.dog("node format " + temp);
    assertEquals("specify store format\n", run.err());
    assertEquals(64, run.status());
  }

  @Test
  void anObjectIsLocatedByAnEpochFile() throws IOException {
    ByteBuffer epoch = ByteBuffer.allocate(2 * 80 + 8).order(ByteOrder.LITTLE_ENDIAN);
    FakeSheep.node(7000, 128, 1).encode(epoch);
    FakeSheep.node(7001, 0, 2).encode(epoch);
    Path file = temp.resolve("00000001");
    Files.write(file, epoch.array());
    run.dog("upgrade object-location " + file + " 7c2b2500000001")
        .fails("IPv4 ip:127.0.0.1 port:7000\n", 0);
    run.dog("upgrade object-location " + file + " xyz");
    assertEquals("please specify object id in hex format\n", run.err());
    assertEquals(64, run.status());
    run.dog("upgrade object-location " + temp + "/gone 1")
        .fails("failed to open " + temp + "/gone: No such file or directory\n", 2);
    Files.write(file, new byte[8]);
    run.dog("upgrade object-location " + file + " 1")
        .fails("no node of " + file + " stores objects\n", 2);
  }

  @Test
  void filesOfOldReleasesAreNotConverted() {
    for (String words : List.of("inode-convert", "epoch-convert", "config-convert")) {
      run.dog("upgrade " + words + " a");
      assertEquals("please specify destination file path\n", run.err());
      assertEquals(64, run.status());
      String release = words.equals("config-convert") ? "" : "-o v0.8 ";
      run.dog("upgrade " + words + " " + release + "a b");
      assertTrue(
          run.err().startsWith("'dog upgrade " + words + "' is not supported in this release"),
          run.err());
      assertEquals(1, run.status());
    }
    run.dog("upgrade inode-convert a b")
        .fails("please specify original version of inode file\n", 1);
    run.dog("upgrade epoch-convert a b")
        .fails("please specify original version of epoch log file\n", 64);
    run.dog("upgrade inode-convert -o v0.9 a b")
        .fails("unknown original version: v0.9\nvalid versions are v0.7 or v0.8\n", 1);
  }
}
