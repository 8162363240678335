package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Replication keeps its promises under every fault that a simulation can bring, and the simulation
/// finds each of the planted bugs. `-Dreplica.seed=` and `-Dreplica.runs=` try others, or more.
final class ReplicaSimulationTest {
  private static final int EVENTS = 400;
  private static final long FIRST = Long.getLong("replica.seed", 1);
  private static final int RUNS = Integer.getInteger("replica.runs", 250);

  /// So many seeds are tried for a planted bug; each stands for one run of each shape.
  private static final int SEEDS = 400;

  /// A cluster.
  private record Shape(int nodes, int copies, int least) {
    int run(long seed) {
      return ReplicaSimulation.run(seed, nodes, copies, least, EVENTS);
    }
  }

  private static final List<Shape> SHAPES =
      List.of(new Shape(3, 3, 2), new Shape(5, 3, 2), new Shape(4, 2, 1), new Shape(3, 2, 2));

  @TestFactory
  Stream<DynamicTest> nothingAcknowledgedIsLostAndNothingComesBack() {
    return SHAPES.stream()
        .map(shape -> DynamicTest.dynamicTest(shape.toString(), () -> runAll(shape)));
  }

  private static void runAll(Shape shape) {
    int answered = 0;
    for (int i = 0; i < RUNS; i++) {
      answered += shape.run(FIRST + i);
    }
    int all = answered;
    assertTrue(all > RUNS * 10, () -> "the faults leave nothing: " + all + " answers");
  }

  @Test
  void runIsTheSameEachTime() {
    List<Integer> once = SHAPES.stream().map(shape -> shape.run(FIRST)).toList();
    assertEquals(once, SHAPES.stream().map(shape -> shape.run(FIRST)).toList());
  }

  private record Plant(String name, List<Edit> edits) {
    Plant(String name, String in, String find, String put) {
      this(name, List.of(edit(in, find, put)));
    }
  }

  private static Edit edit(String in, String find, String put) {
    return new Edit("dev.kelpie.replica." + in, find, put);
  }

  private static final List<Plant> PLANTS =
      List.of(
          new Plant(
              "a change is answered before every acting node has made it",
              "Primary",
              "if (acting.stream().allMatch(node ->",
              "if (acting.stream().anyMatch(node ->"),
          new Plant(
              "a primary serves after its lease has ended",
              "Primary",
              "if (!table.mayServe()) {",
              "if (false) {"),
          new Plant(
              "a primary serves with too few",
              "Primary",
              "if (!table.rules().isActive(known, table.nodes())) {",
              "if (false) {"),
          new Plant(
              "a new primary does not prepare",
              "Primary",
              "      makeEqual(mine, up);\n      if",
              "      if"));

  @TestFactory
  Stream<DynamicTest> plantedBugsAreFound() {
    return PLANTS.stream()
        .filter(plant -> plant.name.contains(System.getProperty("replica.plant", "")))
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static void assertFound(Plant plant) throws Exception {
    PatchedClasses classes = PatchedClasses.of(plant.edits);
    long start = System.nanoTime();
    Class<?> simulation = classes.loadClass(ReplicaSimulation.class.getName());
    Method run =
        simulation.getMethod("run", long.class, int.class, int.class, int.class, int.class);
    for (long seed = 1; seed <= SEEDS; seed++) {
      for (Shape shape : SHAPES) {
        try {
          run.invoke(null, seed, shape.nodes, shape.copies, shape.least, EVENTS);
        } catch (InvocationTargetException e) {
          String what = String.valueOf(e.getCause()).lines().findFirst().orElse("");
          System.out.println(
              plant.name
                  + ": "
                  + what
                  + " after "
                  + (System.nanoTime() - start) / 1_000_000
                  + " ms");
          return;
        }
      }
    }
    throw new AssertionError("not found: " + plant.name);
  }
}
