package dev.kelpie.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Random work against the model (I1, I2, I4, I5, I6, I7, I9, I10, I11, I12, I13, I14, I15, I17,
/// I18, I19, I23, I24).
///
/// `-Dmodel.seed=` replays a run, whose failure comes with the shortest script that was found;
/// `-Dmodel.seconds=` makes it longer or shorter.
final class NodeModelTest {
  private static final long SECONDS = Long.getLong("model.seconds", 20);
  private static final long SHRINK_MILLIS = 60_000;

  @Test
  void everyCellHasAValueThatItMayHave() {
    long first = Long.getLong("model.seed", Seeds.seed());
    Optional<Soak.Failure> failure = Soak.run(new long[] {first}, SECONDS * 1000);
    if (failure.isPresent()) {
      long seed = failure.get().seed();
      fail(Shrinker.shrink(seed, Script.of(seed), failure.get().text(), SHRINK_MILLIS));
    }
  }

  /// Which of their steps meet is left to chance, so several scripts are run.
  @Test
  void readingAheadAndBootSetsTakePart() throws IOException {
    for (Script.Run run : List.of(Script.Run.READ_AHEAD, Script.Run.BOOT_AGAIN)) {
      long fetched = 0;
      for (long seed : Script.seeds(run, 4)) {
        fetched += Simulation.run(seed, Script.of(seed));
      }
      assertTrue(fetched > 0, run.toString());
    }
  }

  @Test
  void oneSeedIsOneScript() {
    assertEquals(Script.of(7), Script.of(7));
    assertTrue(!Script.of(7).equals(Script.of(8)));
  }

  @Test
  void aScriptWithoutStepsIsANodeThatStartsAndEnds() {
    assertEquals(Optional.empty(), Soak.failure(1, List.of()));
  }
}
