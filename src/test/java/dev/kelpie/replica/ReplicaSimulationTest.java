package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// Replication under every fault that a simulation can bring, replayable from its seed.
final class ReplicaSimulationTest {
  private static final long SEED = Long.getLong("replica.seed", 1);
  private static final int RUNS = Integer.getInteger("replica.runs", 400);
  private static final int EVENTS = 400;

  private static void run(int nodes, int copies, int least) {
    int answered = 0;
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      answered += ReplicaSimulation.run(seed, nodes, copies, least, EVENTS);
    }
    assertTrue(answered > RUNS * 10, "the faults leave nothing: " + answered + " answers");
  }

  @Test
  void threeNodesThreeCopies() {
    run(3, 3, 2);
  }

  @Test
  void fiveNodesThreeCopies() {
    run(5, 3, 2);
  }

  @Test
  void fourNodesTwoCopiesOfWhichOneIsEnough() {
    run(4, 2, 1);
  }

  @Test
  void threeNodesTwoCopies() {
    run(3, 2, 2);
  }
}
