package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

/// The order of eviction where many chunks cannot go.
final class ReplacementTest {
  private static final int CHUNKS = 100;
  private static final int SMALL = 60;

  private final Replacement replacement = new Replacement(CHUNKS);
  private final Replacement.Queues queues = replacement.common();

  /// The first ones are in the small queue, the others were used again and are in the main one.
  private void fill() {
    for (int chunk = SMALL; chunk < CHUNKS; chunk++) {
      replacement.add(chunk, chunk, queues);
      replacement.used(chunk);
    }
    for (int i = 0; i < CHUNKS - SMALL; i++) {
      int first = replacement.next(queues); // moves all that were used to the main queue
      replacement.putBack(first);
    }
    for (int chunk = 0; chunk < SMALL; chunk++) {
      replacement.add(chunk, chunk, queues);
    }
  }

  /// Tries until one goes.
  ///
  /// @return how many tries that took
  private int evict(BitSet dirty) {
    for (int tries = 1; tries <= 2 * CHUNKS; tries++) {
      int chunk = replacement.next(queues);
      boolean small = replacement.isInSmall(chunk);
      if (!dirty.get(chunk)) {
        replacement.gone(queues, small, chunk);
        return tries;
      }
      replacement.putBack(chunk);
    }
    throw new AssertionError("nothing can go");
  }

  @Test
  void dirtyChunksOfTheSmallQueueDoNotKeepTheMainOne() {
    fill();
    BitSet dirty = new BitSet();
    dirty.set(0, SMALL);
    assertTrue(evict(dirty) <= SMALL + 1, "looked at all of the small queue once");
    for (int i = 0; i < 20; i++) {
      assertTrue(evict(dirty) <= 10, "and then at a few of them now and then");
    }
  }

  /// Where the main queue's are dirty for good, as those of a disk whose backend hangs are.
  @Test
  void dirtyChunksOfTheMainQueueDoNotKeepTheSmallOneForEver() {
    fill();
    BitSet dirty = new BitSet();
    dirty.set(0, CHUNKS);
    for (int tries = 0; tries < 2 * CHUNKS; tries++) {
      replacement.putBack(replacement.next(queues));
    }
    dirty.clear(0, SMALL);
    assertTrue(evict(dirty) <= 2 * SMALL, "what became clean of the small queue is found");
  }

  @Test
  void whatIsCleanOfTheSmallQueueGoesFirstAgain() {
    fill();
    BitSet dirty = new BitSet();
    dirty.set(0, SMALL);
    evict(dirty);
    dirty.clear();
    for (int i = 0; i < 8; i++) {
      evict(dirty);
    }
    int chunk = replacement.next(queues);
    assertTrue(chunk < SMALL, "chunk " + chunk + " is of the small queue");
    assertEquals(true, replacement.isInSmall(chunk));
  }
}
