package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Seeds;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// That the study compares what it says it does, and that the policy is sound; not how good it is.
final class ReplacementStudyTest {
  private static final int LENGTH = 60_000;

  @Test
  void nothingIsBetterThanTheBestAndMoreSpaceIsNoLoss() {
    for (Map.Entry<String, int[]> each : ReplacementTraces.all(Seeds.seed()).entrySet()) {
      int[] trace = Arrays.copyOf(each.getValue(), Math.min(LENGTH, each.getValue().length));
      String what = each.getKey() + ", seed " + Seeds.seed();
      int before = 0;
      for (int capacity : new int[] {16, 100, 1000, 5000}) {
        int best = ReplacementStudy.optimal(trace, capacity);
        assertTrue(ReplacementStudy.s3fifo(trace, capacity) <= best, what);
        assertTrue(ReplacementStudy.lru(trace, capacity) <= best, what);
        assertTrue(best >= before, what);
        before = best;
      }
    }
  }

  @Test
  void whatFitsIsMissedOnce() {
    int[] trace = IntStream.range(0, 5000).map(i -> i * 7919 % 500).toArray();
    int hits = trace.length - ReplacementStudy.distinct(trace);
    assertEquals(hits, ReplacementStudy.s3fifo(trace, 500));
    assertEquals(hits, ReplacementStudy.lru(trace, 500));
    assertEquals(hits, ReplacementStudy.optimal(trace, 500));
  }

  @Test
  void smallCasesAreAsCountedByHand() {
    int[] trace = {1, 2, 3, 1, 2, 4, 1, 2};
    assertEquals(0, ReplacementStudy.lru(trace, 2));
    assertEquals(2, ReplacementStudy.lru(new int[] {1, 2, 1, 2, 3, 1}, 2));
    assertEquals(4, ReplacementStudy.optimal(trace, 3));
    assertEquals(2, ReplacementStudy.optimal(trace, 2));
    int[] loop = IntStream.range(0, 100).map(i -> i % 5).toArray();
    assertEquals(0, ReplacementStudy.lru(loop, 4));
    assertTrue(ReplacementStudy.optimal(loop, 4) > 60);
  }

  @Test
  void aScanLeavesWhatIsUsedAgain() {
    int[] hot = IntStream.range(0, 3000).map(i -> i % 50).toArray();
    int[] scan = IntStream.range(1000, 3000).toArray();
    int[] trace =
        IntStream.concat(
                IntStream.concat(Arrays.stream(hot), Arrays.stream(scan)), Arrays.stream(hot))
            .toArray();
    assertEquals(2 * 3000 - 50, ReplacementStudy.s3fifo(trace, 100), "nothing hot has gone");
    assertEquals(2 * 3000 - 100, ReplacementStudy.lru(trace, 100), "all of it has");
  }
}
