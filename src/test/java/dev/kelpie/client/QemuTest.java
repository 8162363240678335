package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What QEMU's driver sends, release by release (spec §2.1), with a guest that knows what its disk
/// has to hold.
@Timeout(300)
final class QemuTest {
  private static final int OBJECTS = 4;
  private static final long SIZE = (long) OBJECTS * Request.OBJECT;

  @TempDir Path directory;

  static Stream<Arguments> ways() {
    return Stream.of(Qemu.Release.values())
        .flatMap(release -> Sheep.Way.all().stream().map(way -> Arguments.of(release, way)));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aGuestFindsWhatItWroteThroughEveryLossOfTheConnection_I7_I12_I13(
      Qemu.Release release, Sheep.Way way) throws IOException {
    RandomGenerator chance = Seeds.generator("QemuTest " + release + way);
    byte[][] model = new byte[OBJECTS][Request.OBJECT];
    try (Sheep sheep = new Sheep(way, directory)) {
      Qemu.create(sheep, release, "vm1", SIZE, 0);
      try (Qemu qemu = new Qemu(sheep, release, "vm1", () -> chance.nextInt(12) == 0)) {
        for (int round = 0; round < 40; round++) {
          step(qemu, chance, model);
          compare(qemu, chance, model);
        }
      }
      try (Qemu again = new Qemu(sheep, release, "vm1", () -> false)) {
        for (int index = 0; index < OBJECTS; index++) {
          assertArrayEquals(model[index], again.read(index, 0, Request.OBJECT));
        }
      }
    }
  }

  private static void step(Qemu qemu, RandomGenerator chance, byte[][] model) throws IOException {
    int index = chance.nextInt(OBJECTS);
    switch (chance.nextInt(8)) {
      case 0 -> {
        qemu.discard(index);
        Arrays.fill(model[index], (byte) 0);
      }
      case 1, 2 -> qemu.flush();
      default -> {
        Map<Integer, Map.Entry<Integer, byte[]>> pieces = new HashMap<>();
        for (int i = 0; i < OBJECTS; i++) {
          if (i == index || chance.nextBoolean()) {
            pieces.put(i, piece(chance, model[i]));
          }
        }
        qemu.write(pieces);
      }
    }
  }

  private static Map.Entry<Integer, byte[]> piece(RandomGenerator chance, byte[] model) {
    byte[] bytes = new byte[512 * chance.nextInt(1, 1 << chance.nextInt(1, 9))];
    chance.nextBytes(bytes);
    int offset = 512 * chance.nextInt((model.length - bytes.length) / 512);
    System.arraycopy(bytes, 0, model, offset, bytes.length);
    return Map.entry(offset, bytes);
  }

  private static void compare(Qemu qemu, RandomGenerator chance, byte[][] model)
      throws IOException {
    int index = chance.nextInt(OBJECTS);
    int length = 512 * chance.nextInt(1, 400);
    int offset = 512 * chance.nextInt((Request.OBJECT - length) / 512);
    assertArrayEquals(
        Arrays.copyOfRange(model[index], offset, offset + length),
        qemu.read(index, offset, length));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void snapshotsBranchesAndStatesOfTheMachine(Qemu.Release release, Sheep.Way way)
      throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int first = Qemu.create(sheep, release, "vm1", SIZE, 0);
      assertEquals(Qemu.hash("vm1"), first);
      try (Qemu qemu = new Qemu(sheep, release, "vm1", () -> false)) {
        qemu.write(0, 512, (byte) 1);
        qemu.write(1, 0, (byte) 2);
        qemu.snapshot("one");
        assertEquals(first, qemu.entry(0), "an entry of the parent");
        qemu.write(0, 1024, (byte) 3);
        assertEquals(qemu.vid(), qemu.entry(0), "copied before it was written");
        assertArrayEquals(new byte[] {1}, qemu.read(0, 512, 1));
        assertArrayEquals(new byte[] {2}, qemu.read(1, 0, 1));
        qemu.snapshot("two");
        qemu.write(1, 0, (byte) 9);
        assertEquals(List.of("one", "two"), qemu.snapshots());
        qemu.load("one");
        assertArrayEquals(new byte[] {1, 0}, qemu.read(0, 512, 2));
        assertArrayEquals(new byte[] {0}, qemu.read(0, 1024, 1));
        qemu.write(0, 1024, (byte) 8);
        assertArrayEquals(new byte[] {8}, qemu.read(0, 1024, 1));
        qemu.resize(2 * SIZE);
      }
      try (Qemu again = new Qemu(sheep, release, "vm1", () -> false)) {
        assertEquals(2 * SIZE, again.size());
        assertArrayEquals(new byte[] {8}, again.read(0, 1024, 1));
        assertArrayEquals(new byte[] {2}, again.read(1, 0, 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aFlushSaysWhetherThereIsACache_I3(Qemu.Release release, Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      Qemu.create(sheep, release, "vm1", SIZE, 0);
      try (Qemu qemu = new Qemu(sheep, release, "vm1", () -> false)) {
        qemu.write(2, 0, (byte) 5);
        qemu.flush();
        assertEquals(way.cached(), qemu.caches());
        qemu.write(2, 1, (byte) 6);
        qemu.flush();
        assertArrayEquals(new byte[] {5, 6}, qemu.read(2, 0, 2));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aCloneOfASnapshotHasItsBytes(Qemu.Release release, Sheep.Way way) throws IOException {
    try (Sheep sheep = new Sheep(way, directory)) {
      int base = Qemu.create(sheep, release, "base", SIZE, 0);
      try (Qemu qemu = new Qemu(sheep, release, "base", () -> false)) {
        qemu.write(3, 7, (byte) 5);
        qemu.snapshot("golden");
      }
      Qemu.create(sheep, release, "clone", SIZE, base);
      try (Qemu clone = new Qemu(sheep, release, "clone", () -> false)) {
        assertArrayEquals(new byte[] {5}, clone.read(3, 7, 1));
        clone.write(3, 8, (byte) 6);
        assertArrayEquals(new byte[] {5, 6}, clone.read(3, 7, 2));
      }
      try (Qemu qemu = new Qemu(sheep, release, "base", () -> false)) {
        assertArrayEquals(new byte[] {5, 0}, qemu.read(3, 7, 2));
      }
    }
  }
}
