package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Simulated clusters keep their invariants, and find each of the planted bugs.
final class MembershipSimulationTest {
  private static final int EVENTS = 400;
  private static final int RUNS = Integer.getInteger("membership.runs", 150);
  private static final int SEEDS = 400;

  @Test
  void noNodeServesThatOthersTakeForDeadAndNoTwoMapsAreOfOneEpoch() throws IOException {
    long first = Seeds.seed();
    for (int i = 0; i < RUNS; i++) {
      SimulatedCluster.run(first + i, EVENTS);
    }
  }

  private record Plant(String name, String in, String find, String put) {}

  private static final List<Plant> PLANTS =
      List.of(
          new Plant(
              "a node serves after its lease has ended",
              "Membership",
              "&& now.get().presence().lease() > 0",
              ""),
          new Plant(
              "two that believe they lead both write",
              "ClusterBook",
              "done[0] = before.isPresent() && before.get().current().number() == epoch;",
              "done[0] = before.isPresent();"),
          new Plant(
              "a lost record is not noticed",
              "Membership",
              "life.isPresent() && life.get().presence().lease() > 0",
              "life.isPresent()"),
          new Plant(
              "an earlier life of a node serves",
              "Seat",
              "state == State.UP && incarnation == life",
              "state == State.UP"),
          new Plant(
              "a map of an earlier epoch is believed",
              "EpochMemory",
              "epoch < highest ||",
              "epoch < 0 ||"));

  @TestFactory
  Stream<DynamicTest> plantedBugsAreFound() {
    return PLANTS.stream()
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static Object what(Throwable failure) {
    Throwable last = failure;
    for (Throwable at = failure; at != null; at = at.getCause()) {
      last = at;
    }
    return last;
  }

  private static void assertFound(Plant plant) throws Exception {
    PatchedClasses classes =
        PatchedClasses.of(
            List.of(new Edit("dev.kelpie.cluster." + plant.in, plant.find, plant.put)));
    Class<?> simulation = classes.loadClass(SimulatedCluster.class.getName());
    boolean found = false;
    for (long seed = 1; seed <= SEEDS && !found; seed++) {
      try {
        simulation.getMethod("run", long.class, int.class).invoke(null, seed, EVENTS);
      } catch (InvocationTargetException e) {
        found = true;
        System.out.println(plant.name + ": found by seed " + seed + ": " + what(e));
      }
    }
    assertTrue(found, "not found: " + plant.name);
  }
}
