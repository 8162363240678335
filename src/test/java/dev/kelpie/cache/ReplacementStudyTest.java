package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.RecordedReplay.Rule;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
  void nothingIsBetterThanTheBestOnWhatGuestsDid() throws IOException {
    for (Map.Entry<String, RecordedTrace> each : RecordedTrace.all().entrySet()) {
      int[] trace = each.getValue().chunks();
      int chunks = ReplacementStudy.distinct(trace);
      assertTrue(chunks > 1000, () -> each.getKey() + " says something about a cache");
      for (int capacity : new int[] {16, chunks / 20, chunks / 4}) {
        String what = each.getKey() + ", " + capacity + " chunks";
        int best = ReplacementStudy.optimal(trace, capacity);
        assertTrue(ReplacementStudy.s3fifo(trace, capacity) <= best, what);
        assertTrue(ReplacementStudy.lru(trace, capacity) <= best, what);
        for (Rule rule : Rule.values()) {
          assertTrue(RecordedReplay.hits(each.getValue(), capacity, rule) <= best, what + rule);
        }
      }
      int once = trace.length - chunks;
      assertEquals(once, ReplacementStudy.s3fifo(trace, chunks), each.getKey());
      assertEquals(once, RecordedReplay.hits(each.getValue(), chunks, Rule.NO_READ_AHEAD));
    }
  }

  @Test
  void aRequestTouchesTheBlocksThatItNames() {
    RecordedTrace.Request request = new RecordedTrace.Request(false, 30, 20);
    assertEquals(1, request.firstChunk());
    assertEquals(3, request.lastChunk());
    assertEquals(0b11 << 14, request.blocksOf(1));
    assertEquals(0xffff, request.blocksOf(2));
    assertEquals(0b11, request.blocksOf(3));
  }

  @Test
  void aUseIsWhatTheRuleSays() {
    List<RecordedTrace.Request> requests = new ArrayList<>();
    requests.add(new RecordedTrace.Request(true, 0, 4));
    IntStream.range(1, 100)
        .forEach(chunk -> requests.add(new RecordedTrace.Request(false, chunk * 64, 1)));
    requests.add(new RecordedTrace.Request(false, 0, 4));
    RecordedTrace trace = new RecordedTrace(requests);
    assertEquals(1, RecordedReplay.hits(trace, 50, Rule.EVERY_USE), "a write is a use");
    assertEquals(0, RecordedReplay.hits(trace, 50, Rule.AS_BUILT), "nobody asked again");
  }

  @Test
  void theFirstReadOfWhatWasReadAheadIsNoHit() {
    RecordedTrace scan =
        new RecordedTrace(
            IntStream.range(0, 200)
                .mapToObj(each -> new RecordedTrace.Request(false, each * 16, 16))
                .toList());
    for (Rule rule : Rule.values()) {
      assertEquals(0, RecordedReplay.hits(scan, 100, rule), rule.name());
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

  @Test
  void aRecordedBackupCostsLessThanInTheOrderOfUse() throws IOException {
    RecordedTrace backup = RecordedTrace.named("backup");
    int[] trace = backup.chunks();
    int quarter = ReplacementStudy.distinct(trace) / 4;
    int lru = ReplacementStudy.lru(trace, quarter);
    assertTrue(ReplacementStudy.s3fifo(trace, quarter) > lru);
    assertTrue(RecordedReplay.hits(backup, quarter, Rule.AS_BUILT) > lru);
  }
}
