package dev.kelpie.sheep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class BaseDirectoryTest {
  private final RandomGenerator chance = Seeds.generator("BaseDirectoryTest");
  private final MemoryDisk disk = new MemoryDisk();
  private final Path parent = disk.directories("/data");
  private final Path base = parent.resolve("base");

  @Test
  void lookingAtADirectoryThatIsNotThereCreatesNothing() throws Exception {
    try (BaseDirectory _ = BaseDirectory.look(disk, base)) {
      assertFalse(disk.exists(base));
    }
  }

  @Test
  void aNewDirectoryGetsALockAndAConfig() throws Exception {
    create();
    assertEquals(List.of("config", "lock"), disk.list(base));
    assertTrue(text(base.resolve("config")).startsWith("kelpie base directory, format 1\nid "));
  }

  @Test
  void onlyOneLevelIsCreated() {
    Refusal refused = refusal(parent.resolve("no/such"));
    assertTrue(refused.text().startsWith("cannot create the directory /data/no/such ("));
  }

  @Test
  void aFileInItsPlaceIsRefused() throws Exception {
    write(base, "I am a file".getBytes(StandardCharsets.US_ASCII));
    assertEquals("cannot create the directory /data/base (File exists)", refusal(base).text());
  }

  @Test
  void aSecondStartKeepsTheConfig() throws Exception {
    create();
    String first = text(base.resolve("config"));
    create();
    assertEquals(first, text(base.resolve("config")));
  }

  @Test
  void aDirectoryInUseIsRefusedWithTheTwoLines() throws Exception {
    try (BaseDirectory first = BaseDirectory.look(disk, base)) {
      first.create(chance);
      assertEquals(
          "another sheep daemon is using /data/base\nlocking directory: /data/base failed",
          refusal(base).text());
    }
    create();
  }

  @Test
  void theDirectoryOfACSheepIsRefusedAndUnchanged() throws Exception {
    disk.createDirectory(base);
    for (int format : List.of(5, 6)) {
      byte[] config = new byte[40];
      ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putShort(30, (short) format);
      write(base.resolve("config"), config);
      String text = refusedUnchanged();
      assertTrue(
          text.startsWith(
              "This sheep version is not compatible with the existing data layout, "
                  + format
                  + "\n/data/base belongs to a Sheepdog written in C: "),
          text);
      disk.delete(base.resolve("config"));
    }
  }

  @Test
  void theDirectoryOfAnotherVersionIsRefusedAndUnchanged() throws Exception {
    disk.createDirectory(base);
    write(
        base.resolve("config"),
        "kelpie base directory, format 2\nid 00\nwhatever\n".getBytes(StandardCharsets.US_ASCII));
    String text = refusedUnchanged();
    assertTrue(
        text.startsWith(
            "This sheep version is not compatible with the existing data layout, 2\n/data/base was"
                + " written by another version of Kelpie, this one knows format 1"),
        text);
  }

  @Test
  void everyFlippedBitOfTheConfigIsFound() throws Exception {
    create();
    byte[] good = text(base.resolve("config")).getBytes(StandardCharsets.ISO_8859_1);
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      disk.delete(base.resolve("config"));
      write(base.resolve("config"), bad);
      refusedUnchanged();
    }
  }

  @Test
  void everyCutOfTheConfigIsFound() throws Exception {
    create();
    byte[] good = text(base.resolve("config")).getBytes(StandardCharsets.ISO_8859_1);
    for (int length = 0; length < good.length; length++) {
      disk.delete(base.resolve("config"));
      write(base.resolve("config"), Arrays.copyOf(good, length));
      String text = refusedUnchanged();
      assertTrue(text.contains("restore it from a copy") || text.contains("another"), text);
    }
  }

  @Test
  void dataWithoutAConfigIsRefusedAndUnchanged() throws Exception {
    disk.createDirectory(base);
    disk.createDirectory(base.resolve("obj"));
    write(base.resolve("obj/00abc"), new byte[1]);
    String text = refusedUnchanged();
    assertTrue(text.startsWith("/data/base holds data in 'obj' but no 'config'"), text);
  }

  @Test
  void filesOfOthersAreNoReasonToRefuse() throws Exception {
    disk.createDirectory(base);
    disk.createDirectory(base.resolve("lost+found"));
    create();
  }

  @Test
  void aPowerCutAtAnyMomentLeavesADirectoryThatStarts() throws Exception {
    create();
    long steps = disk.steps();
    for (long step = 1; step <= steps; step++) {
      MemoryDisk cut = new MemoryDisk();
      cut.directories("/data");
      cut.crashAt(step);
      try (BaseDirectory directory = BaseDirectory.look(cut, base)) {
        directory.create(chance);
      } catch (SimulatedCrash _) {
        // as planned
      }
      try (BaseDirectory again = BaseDirectory.look(cut.afterPowerCut(chance, Keep.RANDOM), base)) {
        again.create(chance);
      }
    }
  }

  @Test
  void aServingDirectorySurvivesAPowerCutWithItsName() throws Exception {
    create();
    MemoryDisk after = disk.afterPowerCut(chance, Keep.NOTHING);
    assertEquals(List.of("config"), after.list(base).stream().filter("config"::equals).toList());
  }

  private void create() throws Refusal, IOException {
    try (BaseDirectory directory = BaseDirectory.look(disk, base)) {
      directory.create(chance);
    }
  }

  private Refusal refusal(Path path) {
    return assertThrows(
        Refusal.class,
        () -> {
          try (BaseDirectory directory = BaseDirectory.look(disk, path)) {
            directory.create(chance);
          }
        });
  }

  private String refusedUnchanged() throws IOException {
    List<String> names = disk.list(base);
    String config = names.contains("config") ? text(base.resolve("config")) : "";
    String refused = refusal(base).text();
    assertEquals(names, disk.list(base));
    assertEquals(config, names.contains("config") ? text(base.resolve("config")) : "");
    return refused;
  }

  private void write(Path path, byte[] bytes) throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(ByteBuffer.wrap(bytes), 0);
    }
  }

  private String text(Path path) throws IOException {
    try (DiskFile file = disk.openReadOnly(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString();
    }
  }
}
