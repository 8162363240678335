package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import dev.kelpie.testing.Seeds;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Replication keeps its promises under every fault that a simulation can bring, and the simulation
/// finds each of the planted bugs. Every run is green with the seeds by which those are found, and
/// with fresh ones ([Seeds]): `-Dreplica.seed=` and `-Dreplica.runs=` try others, or more.
final class ReplicaSimulationTest {
  private static final int EVENTS = 400;
  private static final long FIRST = Long.getLong("replica.seed", 1);

  /// So many seeds for each shape and story, and as many fresh ones.
  private static final int RUNS = Integer.getInteger("replica.runs", 12);

  /// Where just anything happens, so many times as many.
  private static final int ANYTHING = 5;

  /// So many seeds are tried for a planted bug; each stands for one run of each shape.
  private static final int SEEDS = Integer.getInteger("replica.seeds", 60);

  /// A cluster.
  private record Shape(int nodes, int copies, int least) {
    int run(long seed, String story) {
      return ReplicaSimulation.run(seed, nodes, copies, least, EVENTS, story);
    }
  }

  private static final List<Shape> SHAPES =
      List.of(new Shape(3, 3, 2), new Shape(5, 3, 2), new Shape(4, 2, 1), new Shape(3, 2, 2));

  /// And that in which just anything happens.
  private static final List<String> STORIES =
      Stream.concat(Stream.of(""), Arrays.stream(ReplicaStories.Story.values()).map(Enum::name))
          .toList();

  @TestFactory
  Stream<DynamicTest> nothingAcknowledgedIsLostAndNothingComesBack() {
    return STORIES.stream()
        .filter(
            story -> Pattern.compile(System.getProperty("replica.story", "")).matcher(story).find())
        .map(story ->
            DynamicTest.dynamicTest(
                story.isEmpty() ? "just anything" : story, () -> runAll(story)));
  }

  private static void runAll(String story) {
    int runs = story.isEmpty() ? RUNS * ANYTHING : RUNS;
    long fresh = Seeds.seed();
    long start = System.nanoTime();
    int answered = 0;
    for (int i = 0; i < runs; i++) {
      for (Shape shape : SHAPES) {
        answered += shape.run(FIRST + i, story);
        answered += shape.run(fresh + i, story);
      }
    }
    System.out.printf(
        "%s: %d runs, %d of each of %d shapes from seed %d and from seed %d; %d answers, %d ms%n",
        story.isEmpty() ? "just anything" : story,
        2 * runs * SHAPES.size(),
        runs,
        SHAPES.size(),
        FIRST,
        fresh,
        answered,
        (System.nanoTime() - start) / 1_000_000);
    int all = answered;
    assertTrue(all > runs * 10, () -> "the faults leave nothing: " + all + " answers");
  }

  @Test
  void runIsTheSameEachTime() {
    List<Integer> once = all();
    assertEquals(once, all());
  }

  private static List<Integer> all() {
    return STORIES.stream()
        .flatMap(story -> SHAPES.stream().map(shape -> shape.run(FIRST, story)))
        .toList();
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
              "Collections.max(counting.values())",
              "versions.getOrDefault(self, Version.ABSENT)"),
          new Plant(
              "a copy that a power cut brought back counts",
              "Primary",
              "return judges.isEmpty() ? up : judges;",
              "return up;"),
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
              List.of(
                  edit("Primary", "requireAll(mine, up, found);", ""),
                  edit("Primary", "requireAll(mine, up, durable);", ""))),
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
              ""),
          new Plant(
              "who joins has only in memory what a barrier has promised",
              "Primary",
              "everywhere.at(joiner.node()).flushAll(mine.get().claim);",
              ""),
          new Plant(
              "a lease is asked for before a read and not after",
              "Primary",
              "own.read(object, offset, into);\n            requireServing(mine);",
              "own.read(object, offset, into);"),
          new Plant(
              "guests are let go before the holders have everything",
              List.of(
                  edit(
                      "Primary",
                      "\n          || !holders.stream().allMatch(mine.get().config::isActing)",
                      ""),
                  edit("Recovery", "if (missing.isEmpty()) {", "if (true) {"))),
          new Plant(
              "who has restarted since it showed what it has joins",
              "Primary",
              "new SlotTable.Proven(joiner.node(), life.getAsLong())",
              "new SlotTable.Proven(joiner.node(), table.life(joiner.node()).orElse(0))"),
          new Plant(
              "who joins counts as intact where the primary is not",
              "SlotRules",
              "new Acting(node, intact)",
              "new Acting(node, true)"));

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
        simulation.getMethod(
            "run", long.class, int.class, int.class, int.class, int.class, String.class);
    StringBuilder all = new StringBuilder();
    for (String story : STORIES) {
      int hits = 0;
      int runs = 0;
      String first = "";
      long start = System.nanoTime();
      for (long seed = 1; seed <= SEEDS; seed++) {
        for (Shape shape : SHAPES) {
          runs++;
          try {
            run.invoke(null, seed, shape.nodes, shape.copies, shape.least, EVENTS, story);
          } catch (InvocationTargetException e) {
            hits++;
            if (hits == 1) {
              first = runs + " " + String.valueOf(e.getCause()).lines().findFirst().orElse("");
            }
          }
        }
      }
      all.append(
          "\n   "
              + story
              + ": "
              + hits
              + " of "
              + runs
              + " in "
              + (System.nanoTime() - start) / 1_000_000
              + " "
              + first);
    }
    System.out.println("PLANT " + plant.name + all);
  }
}
