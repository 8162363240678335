package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.placement.Slots;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.RecordingLog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Objects come to where they are to be, and leave nothing behind.
final class RecoveryTest {
  private static final int OBJECTS = MovingCluster.SLOTS + 1;

  @Test
  void aNodeThatWasAwayCatchesUp() throws IOException {
    MovingCluster cluster = new MovingCluster(3, 3, 2);
    cluster.write(100);
    cluster.recover();
    cluster.down("n2");
    cluster.write(200);
    cluster.remove(cluster.objects.get(3));
    cluster.recover();
    cluster.check();
    cluster.restart("n2");
    cluster.recover();
    cluster.check();
    Copied copied = cluster.node("n0").recovery.copied();
    assertEquals(OBJECTS, copied.objects(), "with the one that was removed");
    assertTrue(copied.bytes() > 0);
  }

  @Test
  void aNewNodeGetsItsShareAndTheOldOneKeepsNothing() throws IOException {
    MovingCluster cluster = new MovingCluster(4, 3, 2);
    cluster.write(100);
    cluster.move(List.of("n3", "n1", "n2"));
    assertTrue(cluster.node("n0").recovery.step(), "one step is not all");
    cluster.recover();
    cluster.check();
    assertFalse(cluster.node("n0").recovery.step());
    Recovery.Progress progress = cluster.node("n0").recovery.progress();
    assertEquals(MovingCluster.SLOTS, progress.slots());
    assertEquals(MovingCluster.SLOTS, progress.done());
    assertEquals(0, progress.copied().objects(), "it only had to remove its own, last");
    assertEquals(OBJECTS, cluster.node("n0").recovery.copied().objects());
  }

  @Test
  void whatIsBrokenOffAnywhereIsDoneInTheEnd() throws IOException {
    int failing = 0;
    int failed = 1;
    while (failed > 0) {
      failing++;
      MovingCluster cluster = new MovingCluster(4, 3, 2);
      cluster.write(100);
      cluster.move(List.of("n3", "n1", "n2"));
      cluster.failing = cluster.calls.get() + failing;
      failed = cluster.recover();
      cluster.check();
    }
    assertTrue(failing > 10 * MovingCluster.SLOTS, "only " + failing + " calls");
  }

  @Test
  void aPrimaryThatIsKilledAnywhereIsFollowedByAnother() throws IOException {
    for (int failing = 1; failing < 60; failing += 2) {
      MovingCluster cluster = new MovingCluster(4, 3, 2);
      cluster.write(100);
      cluster.move(List.of("n3", "n1", "n2"));
      cluster.failing = cluster.calls.get() + failing;
      try {
        boolean _ = cluster.node("n0").recovery.step();
      } catch (IOException _) {
        // It was broken off in the middle.
      }
      cluster.failing = -1;
      cluster.down("n0");
      cluster.write(200);
      cluster.recover();
      cluster.restart("n0");
      cluster.recover();
      cluster.check();
    }
  }

  @Test
  void aNodeThatWasAskedInVainLeavesNothingBehind() throws IOException {
    MovingCluster cluster = new MovingCluster(4, 3, 2);
    cluster.write(100);
    int slot = Slots.of(cluster.objects.getFirst());
    cluster.move(List.of("n0", "n1", "n3"));
    cluster.unreachable.add("the records");
    try {
      boolean _ = cluster.node("n0").recovery.step(slot);
    } catch (IOException _) {
      // The commit failed, when all was copied.
    }
    assertTrue(cluster.node("n3").disk.has(cluster.objects.getFirst()));
    cluster.unreachable.clear();
    cluster.move(List.of("n0", "n1", "n2"));
    assertTrue(cluster.node("n3").recovery.step(), "nobody says that it may go");
    cluster.recover();
    cluster.check();
  }

  @Test
  void aNodeThatDoesNotAnswerHoldsNobodyElseUp() throws Exception {
    MovingCluster cluster = new MovingCluster(5, 2, 1);
    cluster.write(100);
    cluster.unreachable.add("n4");
    cluster.move(List.of("n4", "n3"));
    RecordingLog log = new RecordingLog();
    Recovery recovery = cluster.node("n0").recovery;
    try (RecoveryTask task =
        RecoveryTask.start(recovery, cluster.test.platform(), log, Duration.ofMillis(20))) {
      Await.until(
          "the node that answers has everything",
          () -> cluster.slots().stream().allMatch(s -> cluster.config(s).isActing("n3")));
      Await.until("it says what it waits for", () -> !log.lines().isEmpty());
      Recovery.Progress progress = recovery.progress();
      assertEquals(MovingCluster.SLOTS, progress.slots());
      assertEquals(0, progress.done());
      cluster.unreachable.clear();
      task.look();
      Await.until("all is done here", () -> recovery.progress().done() == MovingCluster.SLOTS);
    }
    List<String> said = log.messages(Level.WARN);
    assertTrue(said.getFirst().contains("no way to n4"), said::toString);
    assertTrue(said.size() < 4, said::toString);
    cluster.recover();
    cluster.check();
    cluster.test.assertNoFailures();
  }

  @Test
  void itCopiesNoFasterThanItMay() throws Exception {
    MovingCluster cluster = new MovingCluster(3, 2, 1);
    cluster.write(100);
    cluster.move(List.of("n0", "n2"));
    Recovery recovery = cluster.node("n0").recovery;
    cluster.unreachable.add("n2"); // so that nothing is copied before there is a throttle
    long start;
    try (RecoveryTask task =
        RecoveryTask.start(
            recovery, cluster.test.platform(), new RecordingLog(), Duration.ofSeconds(10))) {
      task.setThrottle(new Throttle(2, Duration.ofMillis(200)));
      start = System.nanoTime();
      cluster.unreachable.clear();
      task.look();
      Await.until("all is done", () -> recovery.progress().done() == MovingCluster.SLOTS);
    }
    // Four slots may be begun before the first of them has copied anything.
    long least = Duration.ofMillis(100).toNanos() * (OBJECTS - 5);
    assertTrue(System.nanoTime() - start >= least, "it was too fast");
    cluster.recover();
    cluster.check();
  }
}
