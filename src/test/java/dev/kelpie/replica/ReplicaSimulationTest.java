package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import java.lang.management.ManagementFactory;
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
  private static final int SEEDS = Integer.getInteger("replica.seeds", 400);

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
              "if (!rules.isActive(known, table.nodes())) {",
              "if (false) {"),
          new Plant(
              "what is known of a slot goes on without those that are down",
              "SlotRules",
              "return up.size() >= leastCopies ? up : acting;",
              "return up.isEmpty() ? acting : up;"),
          new Plant(
              "a new primary does not prepare",
              "Primary",
              "      makeEqual(mine, up);\n      if",
              "      if"),
          new Plant(
              "a node that has restarted counts as intact",
              "SlotRules",
              "nodes.isAnew.test(a.node()) ? a.restarted() : a)",
              "a)"),
          new Plant(
              "a node answers an earlier primary",
              "Holder",
              "if (known != claim.ballot()) {",
              "if (known < claim.ballot()) {"),
          new Plant(
              "a node that has just started answers for its last life",
              "Holder",
              "if (!table.isIn()) {",
              "if (false) {"),
          new Plant(
              "a change is made whatever was missed before",
              "Holder",
              "} else if (!now.equals(before)) {",
              "} else if (false) {"),
          new Plant(
              "a removal is not durable",
              "Holder",
              "removal ? Durability.DURABLE : step.durability()",
              "step.durability()"),
          new Plant(
              "two changes get the same version",
              "Primary",
              "changes.incrementAndGet()",
              "before.ballot() == mine.claim.ballot() ? before.count() + 1 : 1"),
          new Plant(
              "copies that may differ are not made equal",
              "Primary",
              "mine.unequal.add(object);",
              ""),
          new Plant(
              "the primary's own copy wins",
              "Equalizer",
              "Collections.max(versions.values())",
              "versions.getOrDefault(self, Version.ABSENT)"),
          new Plant(
              "a node joins that lacks something",
              "Primary",
              "      bringAll(mine.get(), joiner);\n      if (!differing(mine.get(), joiner.node()).isEmpty()) {",
              "      if (false) {"),
          new Plant(
              "a commit in doubt counts as not made",
              "Primary",
              "Optional<SlotConfig> _ = table.look(slot);",
              ""),
          new Plant(
              "nodes count as intact while others are missing",
              "Primary",
              "if (up.size() == config.acting().size()) {",
              "if (true) {"),
          new Plant(
              "a barrier does not see that all have restarted",
              "Primary",
              "if (part.since < mine.config.safe()) {",
              "if (false) {"),
          new Plant(
              "who gives a slot away serves it on",
              "Primary",
              "if (known.ballot() != mine.claim.ballot()) {",
              "if (false) {"),
          new Plant(
              "a change is acknowledged by fewer than must have it",
              List.of(
                  edit(
                      "SlotRules",
                      "return up.size() >= leastCopies ? up : acting;",
                      "return up.isEmpty() ? acting : up;"),
                  edit("SlotRules", ".count() >= leastCopies;", ".count() >= 1;"))),
          new Plant(
              "a preparation skips a node that does not answer",
              "Primary",
              "requireAll(mine, up, found);",
              ""),
          new Plant(
              "a read does not wait for a change that is under way",
              List.of(
                  edit("Primary", "objects.enterShared(object);", ""),
                  edit("Primary", "objects.leaveShared(object);", ""),
                  edit(
                      "Primary",
                      "if (!mine.unequal.contains(object)) {\n            Outcome",
                      "if (true) {\n            Outcome"))),
          new Plant(
              "a node removes its objects before others have them",
              List.of(
                  edit("Holder", "return !config.isActing(self)\n        && ", "return "),
                  edit("Recovery", "return !config.isActing(self) && !table", "return !table"))),
          new Plant(
              "a node removes its objects by what it has known",
              "Holder",
              "Optional<SlotConfig> config = table.look(slot);",
              "Optional<SlotConfig> config = table.of(slot);"),
          new Plant(
              "a node removes its objects while it may become acting",
              "Holder",
              "\n        && config.ballot() > told.getOrDefault(slot, 0L)",
              ""));

  @TestFactory
  Stream<DynamicTest> plantedBugsAreFound() {
    return PLANTS.stream()
        .filter(plant -> plant.name.contains(System.getProperty("replica.plant", "")))
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static void assertFound(Plant plant) throws Exception {
    PatchedClasses classes = PatchedClasses.of(plant.edits);
    Class<?> simulation = classes.loadClass(ReplicaSimulation.class.getName());
    Method run =
        simulation.getMethod("run", long.class, int.class, int.class, int.class, int.class);
    long start = cpuNanos();
    int runs = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      for (Shape shape : SHAPES) {
        runs++;
        try {
          run.invoke(null, seed, shape.nodes, shape.copies, shape.least, EVENTS);
        } catch (InvocationTargetException e) {
          String what = String.valueOf(e.getCause()).lines().findFirst().orElse("");
          long millis = (cpuNanos() - start) / 1_000_000;
          System.out.println(
              plant.name + ": found by run " + runs + " in " + millis + " ms of a core: " + what);
          return;
        }
      }
    }
    long millis = (cpuNanos() - start) / 1_000_000;
    throw new AssertionError("not found in " + millis + " ms of a core: " + plant.name);
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
