package dev.kelpie.cluster.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.journal.Frame;
import dev.kelpie.cluster.journal.FrameFile;
import dev.kelpie.log.Log;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.ProcessDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// One process is killed at every point of a run of commits that also rewrites the file, while
/// another one has it open, which goes on: it has what was answered, has each commit whole or not
/// at all, and keeps what it answers itself through a power cut.
final class LocalCoordinationCrashTest {
  private static final int COMMITS = 12;
  private static final int VALUE_SIZE = 70_000;
  private static final List<Keep> KEEPS = List.of(Keep.values());
  private static final Path DIRECTORY = Path.of("/shared");

  /// How many crash points are waited at until the dead is seen to be gone.
  private static final int WAITS = 20;

  /// What the other process does next: what it then knows, a power cut must not take away.
  private enum Then {
    READ,
    /// Asks for a commit that changes nothing.
    LOSE,
    /// Makes a commit.
    WIN
  }

  @Test
  void eachCrashPointLeavesWhatWasAnsweredToWhoGoesOn() throws IOException {
    RandomGenerator chance = Seeds.generator("LocalCoordinationCrashTest");
    long steps = stepsOfAWholeRun();
    assertTrue(steps > 3 * COMMITS, "the run has " + steps + " steps");
    for (long step = 1; step <= steps; step++) {
      for (Then then : Then.values()) {
        boolean wait = chance.nextLong(steps) < WAITS;
        Keep keep =
            then == Then.WIN || chance.nextBoolean()
                ? Keep.NOTHING
                : KEEPS.get(chance.nextInt(KEEPS.size()));
        crashAt(step, wait, then, keep, chance);
      }
    }
  }

  private static long stepsOfAWholeRun() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    disk.directories("/shared");
    ProcessDisk own = new ProcessDisk(disk);
    Run run = new Run();
    run.make(own);
    assertEquals(COMMITS, run.answered);
    try (DiskFile file = disk.openReadOnly(DIRECTORY.resolve("coordination"))) {
      assertTrue(file.size() < COMMITS * 3L * VALUE_SIZE, "the file was not rewritten");
    }
    return own.steps();
  }

  private static void crashAt(long step, boolean wait, Then then, Keep keep, RandomGenerator chance)
      throws IOException {
    String where = "step " + step + ", then " + then + ", keeping " + keep;
    MemoryDisk disk = new MemoryDisk();
    disk.directories("/shared");
    ProcessDisk own = new ProcessDisk(disk);
    own.killAt(step);
    Run run = new Run();
    ProcessDisk others = new ProcessDisk(disk);
    Coordination other = open(others);
    try {
      run.make(own);
    } catch (SimulatedCrash _) {
      assertTrue(run.answered <= COMMITS);
    }
    int found = found(other, where);
    assertTrue(found == run.answered || found == run.answered + 1, where + ": " + found);
    if (wait) {
      Await.until("the dead is gone, " + where, () -> other.list("live/").isEmpty());
    }
    switch (then) {
      case READ -> {}
      case LOSE -> {
        assertFalse(other.commit(three(COMMITS + 3)), where);
        found = found(other, where);
        checkTidy(disk, where);
      }
      case WIN -> {
        found = commit(other, found, run.answered, where);
        checkFresh(disk, found, where);
      }
    }
    others.kill();
    MemoryDisk after = disk.afterPowerCut(chance, keep);
    if (then == Then.WIN) {
      checkFresh(after, found, where + " after a cut");
    } else {
      checkRead(after, found, run.answered, where + " after a cut");
    }
    Run.end(other);
  }

  /// After a turn nothing half done is left.
  private static void checkTidy(MemoryDisk disk, String where) throws IOException {
    try (FrameFile file = FrameFile.open(disk, DIRECTORY.resolve("coordination"))) {
      FrameFile.Content content = file.readAll();
      assertEquals(0, content.torn(), where);
      assertTrue(content.frames().stream().allMatch(Frame::settled), where);
    }
  }

  /// Makes the next commit, and returns its number.
  private static int commit(Coordination records, int found, int answered, String where)
      throws IOException {
    if (records.commit(three(found + 1))) {
      return found + 1;
    }
    // The first turn after the death completed what the dead had begun.
    assertEquals(answered, found, where);
    assertTrue(records.commit(three(found + 2)), where);
    return found + 2;
  }

  /// What was answered or only read is there, after a cut too.
  private static void checkRead(MemoryDisk disk, int read, int answered, String where)
      throws IOException {
    try (Coordination fresh = open(new ProcessDisk(disk))) {
      int found = found(fresh, where);
      assertTrue(found >= read && found <= answered + 1, where + ": " + found);
    }
  }

  /// What a process finds that starts now.
  private static void checkFresh(MemoryDisk disk, int expected, String where) throws IOException {
    try (Coordination fresh = open(new ProcessDisk(disk))) {
      assertEquals(expected, found(fresh, where), where);
      assertEquals(List.of(), fresh.list("live/"), where);
      assertTrue(fresh.commit(List.of(new Put("w", Optional.of(new byte[0]), 0))), where);
      assertTrue(fresh.commit(List.of(new Put("w", Optional.empty(), 1))), where);
    }
    assertTrue(disk.list(DIRECTORY).size() <= 3, () -> where + " leaves files");
  }

  private static Coordination open(ProcessDisk own) throws IOException {
    return new LocalCoordination(TestPlatform.real(own), Log.NONE, DIRECTORY);
  }

  /// A process that makes commits, each of which changes three records to the same number.
  private static final class Run {
    int answered;

    void make(ProcessDisk own) throws IOException {
      Coordination records = open(own);
      try {
        records.announce("live/a", new byte[0], () -> {});
        for (int i = 1; i <= COMMITS; i++) {
          assertTrue(records.commit(three(i)));
          answered = i;
        }
      } finally {
        end(records);
      }
    }

    /// Ends the tasks of a process that may be killed already.
    static void end(Coordination records) throws IOException {
      try {
        records.close();
      } catch (SimulatedCrash _) {
        // It is.
      }
    }
  }

  private static List<Put> three(int number) {
    byte[] value =
        ByteBuffer.allocate(VALUE_SIZE).putInt(number).putInt(VALUE_SIZE - 4, number).array();
    return List.of(
        new Put("n/x", Optional.of(value), number - 1),
        new Put("n/y", Optional.of(value), number - 1),
        new Put("n/z", Optional.of(value), number - 1));
  }

  private static int found(Coordination records, String where) throws IOException {
    List<Stored> found = records.list("n/");
    if (found.isEmpty()) {
      return 0;
    }
    assertEquals(3, found.size(), where);
    int number = ByteBuffer.wrap(found.getFirst().value()).getInt(0);
    for (Stored stored : found) {
      ByteBuffer value = ByteBuffer.wrap(stored.value());
      assertEquals(number, value.getInt(0), where);
      assertEquals(number, value.getInt(VALUE_SIZE - 4), where);
      assertEquals(number, stored.version(), where);
    }
    return number;
  }
}
