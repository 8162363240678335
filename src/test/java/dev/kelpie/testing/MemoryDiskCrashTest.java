package dev.kelpie.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The disk in memory loses what it may lose, and nothing else: a crash test that passes on it
/// means something.
final class MemoryDiskCrashTest {
  private static final int TRIES = 200;

  private final RandomGenerator chance = Seeds.generator("MemoryDiskCrashTest");
  private final MemoryDisk disk = new MemoryDisk();
  private final Path home = disk.directories("/home");
  private final Path path = home.resolve("f");

  @Test
  void syncedBytesUnderASyncedNameAreKept() throws IOException {
    durable("old");
    for (Keep keep : Keep.values()) {
      assertEquals("old", content(disk.afterPowerCut(chance, keep)));
    }
  }

  @Test
  void unsyncedSectorsAreKeptInAnyCombination() throws IOException {
    durable("a".repeat(1536));
    try (DiskFile file = disk.open(path)) {
      file.write(bytes("b".repeat(1536)), 0);
    }
    assertEquals("a".repeat(1536), content(disk.afterPowerCut(chance, Keep.NOTHING)));
    assertEquals("b".repeat(1536), content(disk.afterPowerCut(chance, Keep.EVERYTHING)));
    Set<String> seen = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      String left = content(disk.afterPowerCut(chance, Keep.RANDOM));
      for (int sector = 0; sector < 3; sector++) {
        String bytes = left.substring(sector * 512, (sector + 1) * 512);
        assertEquals(1, bytes.chars().distinct().count(), "a sector is never torn");
      }
      seen.add("" + left.charAt(0) + left.charAt(512) + left.charAt(1024));
    }
    assertEquals(
        Set.of("aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb"), seen, "all combinations");
  }

  @Test
  void whatWasOverwrittenSinceMaySurviveToo() throws IOException {
    durable("a");
    Set<String> seen = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      MemoryDisk fresh = disk.afterProcessKill();
      fresh.writeBackSometimes(chance);
      try (DiskFile file = fresh.open(path)) {
        file.write(bytes("b"), 0);
        file.write(bytes("c"), 0);
      }
      seen.add(content(fresh.afterPowerCut(chance, Keep.RANDOM)));
    }
    assertEquals(Set.of("a", "b", "c"), seen);
  }

  @Test
  void anUnsyncedSizeMayBeOldOrNewOrBetween() throws IOException {
    durable("a".repeat(100));
    try (DiskFile file = disk.open(path)) {
      file.write(bytes("b".repeat(2000)), 100);
    }
    Set<Integer> sizes = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      String left = content(disk.afterPowerCut(chance, Keep.RANDOM));
      assertTrue(left.startsWith("a".repeat(100)), "the durable bytes stay");
      sizes.add(left.length());
    }
    assertTrue(sizes.contains(100) && sizes.contains(2100) && sizes.size() > 2, sizes.toString());
  }

  @Test
  void anUnsyncedCutMayBeUndone() throws IOException {
    durable("a".repeat(1000));
    try (DiskFile file = disk.open(path)) {
      file.resize(0);
    }
    assertEquals("a".repeat(1000), content(disk.afterPowerCut(chance, Keep.NOTHING)));
    assertEquals("", content(disk.afterPowerCut(chance, Keep.EVERYTHING)));
  }

  @Test
  void aNameIsLostUntilItsDirectoryIsSynced() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(bytes("x"), 0);
      file.sync();
    }
    assertFalse(disk.afterPowerCut(chance, Keep.NOTHING).exists(path));
    MemoryDisk later = disk.afterProcessKill();
    later.syncDirectory(home);
    assertEquals("x", content(later.afterPowerCut(chance, Keep.NOTHING)));
  }

  @Test
  void aRenameIsAllOrNothingAndADeleteMayComeBack() throws IOException {
    durable("old");
    Path temporary = home.resolve("t");
    try (DiskFile file = disk.create(temporary)) {
      file.write(bytes("new"), 0);
      file.sync();
    }
    disk.syncDirectory(home);
    disk.rename(temporary, path);
    Set<String> seen = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      MemoryDisk left = disk.afterPowerCut(chance, Keep.RANDOM);
      seen.add(content(left) + left.list(home));
    }
    assertEquals(Set.of("new[f]", "old[f, t]"), seen);

    MemoryDisk deleted = disk.afterProcessKill();
    deleted.delete(path);
    assertEquals("old", content(deleted.afterPowerCut(chance, Keep.NOTHING)));
    assertFalse(deleted.afterPowerCut(chance, Keep.EVERYTHING).exists(path));
  }

  @Test
  void namesAreLostOneByOneButNotAgainstTheirOrder() throws IOException {
    Set<List<String>> seen = new HashSet<>();
    for (int i = 0; i < TRIES; i++) {
      MemoryDisk fresh = new MemoryDisk();
      fresh.directories("/home");
      fresh.create(home.resolve("a")).close();
      fresh.create(home.resolve("b")).close();
      fresh.rename(home.resolve("b"), home.resolve("c"));
      seen.add(fresh.afterPowerCut(chance, Keep.RANDOM).list(home));
    }
    assertEquals(
        Set.of(
            List.of(),
            List.of("a"),
            List.of("b"),
            List.of("c"),
            List.of("a", "b"),
            List.of("a", "c")),
        seen);
  }

  @Test
  void aFileInADirectoryThatIsLostIsLost() throws IOException {
    Path inner = home.resolve("d");
    disk.createDirectory(inner);
    disk.create(inner.resolve("x")).close();
    disk.syncDirectory(inner);
    assertFalse(disk.afterPowerCut(chance, Keep.NOTHING).exists(inner));
    MemoryDisk later = disk.afterProcessKill();
    later.syncDirectory(home);
    assertTrue(later.afterPowerCut(chance, Keep.NOTHING).exists(inner.resolve("x")));
  }

  @Test
  void aKilledProcessLosesNothingButTheMachineStillCan() throws IOException {
    durable("old");
    try (DiskFile file = disk.open(path)) {
      file.write(bytes("new"), 0);
    }
    MemoryDisk next = disk.afterProcessKill();
    assertEquals("new", content(next));
    assertEquals(disk.bootId(), next.bootId());
    MemoryDisk rebooted = next.afterPowerCut(chance, Keep.NOTHING);
    assertEquals("old", content(rebooted));
    assertNotEquals(disk.bootId(), rebooted.bootId());
  }

  @Test
  void mappedStoresAreLiveAtOnceAndDurableWhenSynced() throws IOException {
    durable("-".repeat(8192));
    MappedBytes map = disk.open(path).map(0, 8192);
    map.putLong(0, 1);
    map.putLong(4096, 2);
    map.sync(0, 8);
    map.putLong(0, 3);
    try (DiskFile left = disk.afterPowerCut(chance, Keep.NOTHING).open(path)) {
      assertEquals(1, left.map(0, 8192).getLong(0));
      assertEquals(0x2d2d2d2d2d2d2d2dL, left.map(0, 8192).getLong(4096));
    }
    try (DiskFile left = disk.afterProcessKill().open(path)) {
      assertEquals(3, left.map(0, 8192).getLong(0));
      assertEquals(2, left.map(0, 8192).getLong(4096));
    }
  }

  @Test
  void afterAFailedSyncAnotherOneProvesNothing() throws IOException {
    durable("old");
    try (DiskFile file = disk.open(path)) {
      file.write(bytes("new"), 0);
      try (Faults.Ended _ = disk.faults().fail(DiskCall.SYNC, path::equals)) {
        assertThrows(IOException.class, file::sync);
      }
      file.sync();
      assertEquals("new", content(disk.afterProcessKill()));
      assertEquals("old", content(disk.afterPowerCut(chance, Keep.EVERYTHING)));
    }
  }

  @Test
  void everyStepOfAScenarioIsACrashPoint() throws IOException {
    MemoryDisk counted = new MemoryDisk();
    scenario(counted);
    assertEquals(5, counted.steps());
    List<String> found =
        IntStream.rangeClosed(1, 6)
            .mapToObj(step -> {
              MemoryDisk fresh = new MemoryDisk();
              fresh.crashAt(step);
              try {
                scenario(fresh);
                return "done";
              } catch (SimulatedCrash crash) {
                assertThrows(SimulatedCrash.class, () -> fresh.list(home));
                assertThrows(SimulatedCrash.class, () -> fresh.create(path));
                return found(fresh.afterProcessKill())
                    + found(fresh.afterPowerCut(chance, Keep.NOTHING));
              }
            })
            .toList();
    assertEquals(
        List.of("[][]", "[f:4096][]", "[f:9000][]", "[f:9000][]", "[f:9000][f:9000]", "done"),
        found,
        "in create, write, sync of the file, sync of the directory, rename");
  }

  private void scenario(MemoryDisk on) {
    on.directories("/home");
    try (DiskFile file = on.create(path)) {
      file.write(bytes("x".repeat(9000)), 0);
      file.sync();
      on.syncDirectory(home);
      on.rename(path, home.resolve("g"));
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private String found(MemoryDisk on) {
    try {
      StringBuilder text = new StringBuilder();
      for (String name : on.list(home)) {
        try (DiskFile file = on.open(home.resolve(name))) {
          text.append(name).append(':').append(file.size());
        }
      }
      return "[" + text + "]";
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void mappedStoresAreStepsWhereTheTestSaysSo() throws IOException {
    durable("-".repeat(4096));
    MappedBytes map = disk.open(path).map(0, 4096);
    long before = disk.steps();
    map.putInt(0, 1);
    assertEquals(before, disk.steps());
    disk.countMappedStores();
    map.putInt(0, 2);
    assertEquals(before + 1, disk.steps());
    disk.crashAt(before + 2);
    assertThrows(SimulatedCrash.class, () -> map.compareAndSetLong(0, 2, 3));
    assertThrows(SimulatedCrash.class, () -> map.getInt(0));
    try (DiskFile file = disk.afterProcessKill().open(path)) {
      assertEquals(2, file.map(0, 4096).getInt(0));
    }
  }

  @Test
  void aFullDiskRefusesAndFreedSpaceCanBeUsedAgain() throws IOException {
    disk.capacity(home, 16384);
    try (DiskFile file = disk.create(path)) {
      file.allocate(0, 16384);
      assertThrows(Disk.NoSpace.class, () -> file.write(bytes("x"), 16384));
      assertEquals(new Disk.Space(16384, 0), disk.space(home));
      file.resize(20480);
      MappedBytes map = file.map(0, 20480);
      map.putInt(0, 1);
      assertThrows(MappedBytes.MappingFault.class, () -> map.putInt(16384, 1));
      file.punch(0, 8192);
      assertEquals(8192, disk.space(home).usable());
      file.write(bytes("x"), 16384);
      disk.delete(path);
      assertEquals(4096, disk.space(home).usable(), "an open file keeps its space");
    }
    assertEquals(16384, disk.space(home).usable());
  }

  @Test
  void spaceIsCountedAnewAfterACrash() throws IOException {
    durable("x".repeat(8192));
    try (DiskFile file = disk.open(path)) {
      file.punch(0, 4096);
      file.sync();
    }
    disk.capacity(home, 16384);
    assertEquals(12288, disk.afterPowerCut(chance, Keep.NOTHING).space(home).usable());
    disk.afterProcessKill();
    MemoryDisk next = disk.afterProcessKill();
    next.delete(path);
    assertEquals(16384, next.space(home).usable());
  }

  @Test
  void fileSystemsHaveTheirOwnDeviceRoomAndMood() throws IOException {
    Path other = disk.mount("/other");
    assertNotEquals(disk.device(home), disk.device(other));
    durable("x");
    assertThrows(
        AtomicMoveNotSupportedException.class, () -> disk.rename(path, other.resolve("f")));
    disk.readOnly(other, true);
    assertThrows(FileSystemException.class, () -> disk.create(other.resolve("g")));
    disk.create(home.resolve("g")).close();
    disk.capacity(other, 0);
    disk.readOnly(other, false);
    try (DiskFile file = disk.create(other.resolve("g"))) {
      assertThrows(Disk.NoSpace.class, () -> file.write(bytes("x"), 0));
    }
  }

  @Test
  void callsFailWhereTheTestSaysSo() throws IOException {
    durable("abc");
    try (DiskFile file = disk.open(path)) {
      try (Faults.Ended _ = disk.faults().fail(DiskCall.READ, path::equals)) {
        assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(1), 0));
        file.write(bytes("x"), 0);
      }
      assertEquals(1, file.read(ByteBuffer.allocate(1), 0));
      try (Faults.Ended _ = disk.faults().fail(DiskCall.WRITE, _ -> true, 1)) {
        assertThrows(IOException.class, () -> file.write(bytes("y"), 0));
        file.write(bytes("z"), 0);
      }
    }
    assertEquals("zbc", content(disk));
  }

  @Test
  void aHangingCallWaitsForItsEnd() throws Exception {
    durable("abc");
    Faults.Hang hang = disk.faults().hang(DiskCall.WRITE, path::equals);
    try (DiskFile file = disk.open(path)) {
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  file.write(bytes("x"), 0);
                } catch (IOException failure) {
                  throw new AssertionError(failure);
                }
              });
      hang.awaitArrived(1);
      assertEquals("abc", content(disk), "others go on meanwhile");
      hang.close();
      writer.join();
    }
    assertEquals("xbc", content(disk));
  }

  @Test
  void aFlippedBitIsThereAfterAPowerCutToo() throws IOException {
    durable("abc");
    disk.flip(path, 8);
    assertEquals("acc", content(disk));
    assertEquals("acc", content(disk.afterPowerCut(chance, Keep.NOTHING)));
  }

  @Test
  void openFilesAndLocksAreLeaks() throws IOException {
    disk.assertNothingOpen();
    DiskFile file = disk.create(path);
    assertEquals(List.of(path), disk.openFiles());
    assertThrows(AssertionError.class, disk::assertNothingOpen);
    file.close();
    try (var _ = disk.lock(home.resolve("lock")).orElseThrow()) {
      assertEquals(List.of(home.resolve("lock")), disk.openFiles());
    }
    disk.assertNothingOpen();
  }

  private void durable(String content) throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(bytes(content), 0);
      file.sync();
    }
    disk.syncDirectory(home);
  }

  private String content(MemoryDisk on) throws IOException {
    try (DiskFile file = on.openReadOnly(path)) {
      ByteBuffer into = ByteBuffer.allocate((int) file.size());
      file.read(into, 0);
      return new String(into.array(), UTF_8);
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
