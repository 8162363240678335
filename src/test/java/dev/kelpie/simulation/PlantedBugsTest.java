package dev.kelpie.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The scripts of [NodeModelTest] find every bug of [Plants]: what they prove of the product is
/// worth something.
final class PlantedBugsTest {
  private static final int SEEDS = 30;
  private static final long LIMIT_MILLIS = 120_000;

  @TestFactory
  Stream<DynamicTest> everyPlantedBugIsFound() {
    return Plants.all().stream()
        .map(plant -> DynamicTest.dynamicTest(plant.name(), () -> assertFound(plant)));
  }

  private static void assertFound(Plants.Plant plant) throws IOException {
    Optional<String> found = search(plant, SEEDS, LIMIT_MILLIS);
    assertTrue(found.isPresent(), "not found: " + plant.name());
    System.out.println(plant.name() + ": found by " + found.get().lines().findFirst().orElse(""));
  }

  /// Runs scripts in the product that has the bug, until one fails or the time is over.
  ///
  /// @param count how many seeds to try first whose scripts are of the right kind
  /// @return the seed that found it, and how
  static Optional<String> search(Plants.Plant plant, int count, long millis) throws IOException {
    long[] seeds = Script.seeds(plant.run(), count);
    PatchedClasses classes = plant.load();
    try {
      Object found =
          classes
              .loadClass(Soak.class.getName())
              .getMethod("firstFailure", long[].class, long.class)
              .invoke(null, seeds, millis);
      return ((Optional<?>) found).map(String::valueOf);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the product with a planted bug cannot be run", e);
    }
  }

  /// How long each takes, for who changes scripts: `main MILLIS [NAME...]`.
  public static void main(String[] arguments) throws IOException {
    long millis = Long.parseLong(arguments[0]);
    List<String> names = List.of(arguments).subList(1, arguments.length);
    for (Plants.Plant plant : Plants.all()) {
      if (names.isEmpty() || names.stream().anyMatch(plant.name()::contains)) {
        long start = System.nanoTime();
        Optional<String> found = search(plant, SEEDS, millis);
        System.out.println(
            (System.nanoTime() - start) / 1_000_000
                + " ms: "
                + plant.name()
                + ": "
                + found.orElse("NOT FOUND").lines().limit(2).toList());
      }
    }
  }
}
