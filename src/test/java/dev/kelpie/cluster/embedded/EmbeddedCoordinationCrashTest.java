package dev.kelpie.cluster.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Every crash point of a run of commits that also rewrites the file: what was answered is there, a
/// commit is there whole or not at all, and the records go on.
final class EmbeddedCoordinationCrashTest {
  private static final int COMMITS = 40;
  private static final int VALUE_SIZE = 70_000;

  @Test
  void eachCrashPointLeavesAPrefixThatHoldsEverythingAnswered() throws IOException {
    RandomGenerator chance = Seeds.generator("EmbeddedCoordinationCrashTest");
    long steps = stepsOfAWholeRun();
    assertTrue(steps > 2 * COMMITS, "the run has " + steps + " steps");
    for (long step = 1; step <= steps; step++) {
      for (Keep keep : Keep.values()) {
        crashAt(step, keep, chance);
      }
      crashAt(step, Keep.RANDOM, chance);
    }
  }

  private static long stepsOfAWholeRun() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    assertEquals(COMMITS, run(disk, new ArrayList<>()));
    return disk.steps();
  }

  private static void crashAt(long step, Keep keep, RandomGenerator chance) throws IOException {
    MemoryDisk disk = new MemoryDisk();
    disk.crashAt(step);
    List<Integer> answered = new ArrayList<>();
    try {
      run(disk, answered);
    } catch (SimulatedCrash expected) {
      MemoryDisk after = disk.afterPowerCut(chance, keep);
      check(after, answered.size(), "step " + step + " keeping " + keep);
      checkKilled(disk.afterProcessKill(), chance, "step " + step + ", killed");
    }
  }

  /// What a start after a kill finds may be in the kernel only; once it was read it has to stay.
  private static void checkKilled(MemoryDisk disk, RandomGenerator chance, String where)
      throws IOException {
    int found;
    try (Coordination records = open(disk)) {
      found = found(records, "x", where);
      MemoryDisk cut = disk.afterPowerCut(chance, Keep.NOTHING);
      check(cut, found, where);
    } catch (SimulatedCrash _) {
      // Closing comes after the cut.
    }
  }

  private static Coordination open(MemoryDisk disk) throws IOException {
    return new EmbeddedCoordination(TestPlatform.real(disk), Log.NONE, disk.directories("/node"));
  }

  /// Commits that each change three records to the same number.
  private static int run(MemoryDisk disk, List<Integer> answered) throws IOException {
    try (Coordination records = open(disk)) {
      for (int i = 1; i <= COMMITS; i++) {
        assertTrue(records.commit(three(i)));
        answered.add(i);
      }
    }
    return answered.size();
  }

  private static void check(MemoryDisk disk, int answered, String where) throws IOException {
    try (Coordination records = open(disk)) {
      int found = found(records, "x", where);
      assertTrue(found == answered || found == answered + 1, where + ": " + found);
      assertEquals(found, found(records, "y", where), where);
      assertEquals(found, found(records, "z", where), where);
      assertTrue(records.commit(three(found + 1)), where);
    }
    try (Coordination records = open(disk)) {
      assertTrue(found(records, "z", where) > answered, where);
    }
    assertEquals(List.of("coordination"), disk.list(Path.of("/node")), where);
  }

  private static List<Put> three(int number) {
    byte[] value =
        ByteBuffer.allocate(VALUE_SIZE).putInt(number).putInt(VALUE_SIZE - 4, number).array();
    return List.of(
        new Put("x", Optional.of(value), number - 1),
        new Put("y", Optional.of(value), number - 1),
        new Put("z", Optional.of(value), number - 1));
  }

  private static int found(Coordination records, String key, String where) throws IOException {
    Optional<Stored> stored = records.read(key);
    if (stored.isEmpty()) {
      return 0;
    }
    ByteBuffer value = ByteBuffer.wrap(stored.get().value());
    assertEquals(value.getInt(0), value.getInt(VALUE_SIZE - 4), where);
    assertEquals(value.getInt(0), stored.get().version(), where);
    return value.getInt(0);
  }
}
