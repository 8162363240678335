package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class FreeChunksTest {
  private static final int PER_OBJECT = IndexLayout.CHUNKS_PER_OBJECT;

  @Test
  void objectsThatGrowTogetherLieApartAndEachInOnePiece() {
    int all = 4 * PER_OBJECT;
    FreeChunks free = new FreeChunks(all);
    free.add(0, all);
    List<Integer> starts = new ArrayList<>();
    for (int object = 0; object < 4; object++) {
      starts.add(free.take(FreeChunks.NONE, all));
    }
    assertEquals(List.of(0, PER_OBJECT, 2 * PER_OBJECT, 3 * PER_OBJECT), starts);
    for (int number = 1; number < PER_OBJECT; number++) {
      for (int start : starts) {
        assertEquals(start + number, free.take(start + number, all));
      }
    }
    assertEquals(0, free.count());
  }

  @Test
  void objectsBeginInWhatTheFilesHaveGrownBy() {
    FreeChunks free = new FreeChunks(1000);
    free.add(0, 100);
    while (free.count() > 0) {
      int _ = free.take(FreeChunks.NONE, 100);
    }
    free.add(100, 1000);
    assertEquals(100, free.take(FreeChunks.NONE, 1000));
  }

  @Test
  void anyOrderOfTakingGivingAndShrinkingKeepsEachChunkOnce() {
    RandomGenerator chance = Seeds.generator("FreeChunksTest");
    int capacity = 300;
    FreeChunks free = new FreeChunks(capacity);
    free.add(0, capacity);
    TreeSet<Integer> model = new TreeSet<>();
    for (int chunk = 0; chunk < capacity; chunk++) {
      model.add(chunk);
    }
    List<Integer> taken = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (i == 10_000) {
        capacity = 200;
        free.shrink(capacity);
        model.tailSet(capacity).clear();
        taken.removeIf(chunk -> chunk >= 200);
      }
      if (!model.isEmpty() && chance.nextBoolean()) {
        int wanted = chance.nextInt(-1, capacity);
        int chunk = free.take(wanted, capacity);
        assertTrue(model.contains(wanted) ? chunk == wanted : model.contains(chunk));
        model.remove(chunk);
        taken.add(chunk);
      } else if (!taken.isEmpty()) {
        int at = chance.nextInt(taken.size());
        int chunk = taken.get(at);
        taken.subList(at, at + 1).clear();
        free.add(chunk);
        model.add(chunk);
      }
      assertEquals(model.size(), free.count());
    }
  }
}
