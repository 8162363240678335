package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Runs of [DirectorySoak], which find the bugs that are planted here.
final class DirectorySoakTest {
  private static final int RUNS = 15;
  private static final long LIMIT_MILLIS = 60_000;

  /// A bug.
  private record Plant(String name, List<Edit> edits) {}

  private static final List<Plant> PLANTS =
      List.of(
          new Plant(
              "a decision is made on what is in memory",
              List.of(
                  new Edit(
                      "dev.kelpie.vdi.VdiTable",
                      "return seen >= 0 && version(now) == seen ? seen : follow();",
                      "return seen >= 0 || version(now) == seen ? seen : follow();"))),
          new Plant(
              "a refused create is tried again as it was decided",
              List.of(
                  new Edit("dev.kelpie.vdi.VdiTable", "      requireCurrent(draft);\n", ""),
                  new Edit(
                      "dev.kelpie.vdi.VdiMaker",
                      "if (table.isUsed(free.get())) {",
                      "if (table.isUsed(free.get()) && seen < 0) {"))),
          new Plant(
              "the lease of a living node is taken",
              List.of(
                  new Edit(
                      "dev.kelpie.vdi.LeaseTaker",
                      "if (owners.mayLive(owner)) {",
                      "if (owners.mayLive(owner) && owner.isEmpty()) {"))),
          new Plant(
              "a loss is forgotten with its node",
              List.of(
                  new Edit(
                      "dev.kelpie.vdi.LeaseTaker",
                      "LeaseRecord record = withoutCached(before).next(node, cacheId);",
                      "LeaseRecord record = before.withUnflushedSince(0).next(node, cacheId);"))));

  @Test
  void nothingGoesWrongThatMustNot() {
    long[] seeds = Seeds.generator("directory").longs(RUNS).toArray();
    assertEquals(Optional.empty(), DirectorySoak.firstFailure(seeds, LIMIT_MILLIS));
  }

  @TestFactory
  Stream<DynamicTest> everyPlantedBugIsFound() {
    return PLANTS.stream()
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static void assertFound(Plant plant) throws IOException {
    long[] seeds = Seeds.generator(plant.name).longs(RUNS).toArray();
    try {
      Object found =
          PatchedClasses.of(plant.edits)
              .loadClass(DirectorySoak.class.getName())
              .getMethod("firstFailure", long[].class, long.class)
              .invoke(null, seeds, LIMIT_MILLIS);
      Optional<?> failure = (Optional<?>) found;
      assertTrue(failure.isPresent(), "not found: " + plant.name);
      System.out.println(plant.name + ": found by " + failure.get());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the product with a planted bug cannot be run", e);
    }
  }
}
