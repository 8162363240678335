package dev.kelpie.replica;

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

/// Simulated nodes keep what is agreed on, and find each of the planted bugs.
final class SlotBookSimulationTest {
  private static final int EVENTS = 80;
  private static final int RUNS = Integer.getInteger("slots.runs", 6);
  private static final int SEEDS = 100;

  @Test
  void nobodyGoesBackAndActiveSlotsAreWhole() throws IOException {
    long first = Seeds.seed();
    int committed = 0;
    for (int i = 0; i < RUNS; i++) {
      committed += SlotBookSimulation.run(first + i, 3 + i % 3, EVENTS);
    }
    System.out.println(committed + " commits of primaries in " + RUNS + " runs");
    assertTrue(committed > RUNS, "only " + committed + " commits");
  }

  private record Plant(String name, String in, String find, String put) {}

  private static final List<Plant> PLANTS =
      List.of(
          new Plant(
              "a commit does not check the map",
              "SlotBook",
              "records.commit(List.of(put), List.of(edition.unchanged()))",
              "records.commit(List.of(put), List.of())"),
          new Plant(
              "what was decided under an earlier map is committed under the next",
              "SlotBook",
              "first.map().filter(map -> isSound(after, map)).isEmpty()",
              "first.map().isEmpty()"),
          new Plant(
              "who has restarted since it showed what it has joins",
              "SlotBook",
              "proven.filter(life -> map.isUp(life.node(), life.life()))",
              "proven"),
          new Plant(
              "a configuration that has changed meanwhile is overwritten",
              "SlotBook",
              "\n          || !known.config(slot).equals(Optional.of(before))",
              ""),
          new Plant(
              "a late answer takes the place of a newer one",
              "SlotView",
              "read.version() <= shards.get(shard).version()",
              "read.version() == shards.get(shard).version()"),
          new Plant(
              "a record of a later map is believed under the earlier one",
              "SlotBook",
              " || read.map() > before.edition().version()",
              ""),
          new Plant(
              "the map changes while the records are read",
              "SlotBook",
              "shard.map() <= edition.version()",
              "shard.map() >= 0"),
          new Plant(
              "the records are read before the map",
              "SlotBook",
              "      Edition edition = book.edition();\n      List<KnownShard> shards = readShards(before);\n",
              "      List<KnownShard> shards = readShards(before);\n      Edition edition = book.edition();\n"),
          new Plant(
              "who restarted counts as intact",
              "SlotMap",
              "return now != null && !now.equals(then.get(node));",
              "return now != null && !then.containsKey(node);"),
          new Plant(
              "a record that the map leaves alone is not checked",
              "SlotFollower",
              "      } else if (stored.isPresent()) {",
              "      } else if (stored.isPresent() && version < 0) {"),
          new Plant(
              "ballots begin anew",
              "SlotFollower",
              "first(map, slot, old.map(SlotConfig::ballot).orElse(0L))",
              "first(map, slot, 0)"),
          new Plant(
              "the number of copies changes and the slots do not",
              "SlotFollower",
              "old.map(config -> settle",
              "before.get().seats().equals(map.cluster().seats())"
                  + " ? old : old.map(config -> settle"));

  @TestFactory
  Stream<DynamicTest> plantedBugsAreFound() {
    return PLANTS.stream()
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static void assertFound(Plant plant) throws Exception {
    PatchedClasses classes =
        PatchedClasses.of(
            List.of(new Edit("dev.kelpie.replica." + plant.in, plant.find, plant.put)));
    Class<?> simulation = classes.loadClass(SlotBookSimulation.class.getName());
    boolean found = false;
    for (long seed = 1; seed <= SEEDS && !found; seed++) {
      try {
        simulation
            .getMethod("run", long.class, int.class, int.class)
            .invoke(null, seed, 3 + (int) seed % 3, EVENTS);
      } catch (InvocationTargetException e) {
        found = true;
        System.out.println(plant.name + ": found by seed " + seed + ": " + last(e));
      }
    }
    assertTrue(found, "not found: " + plant.name);
  }

  private static Throwable last(Throwable failure) {
    Throwable last = failure;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return last;
  }
}
