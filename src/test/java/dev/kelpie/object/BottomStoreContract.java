package dev.kelpie.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What an [ObjectStore] does that keeps objects itself, and so the order of their changes; a layer
/// in front of one gives changes an order of its own.
public abstract class BottomStoreContract extends ObjectStoreContract {
  private static final VdiId VDI = DATA.vdi();

  @Test
  void aChangeThatIsNotLaterIsStaleAndChangesNothing() throws IOException {
    byte[] expected = new byte[DATA.size()];
    List<Extent> first = put(expected, DATA, 0, 10);
    assertEquals(Outcome.DONE, store().create(DATA, Base.ZEROS, first, change(2, 5)));
    for (Change stale : List.of(change(2, 5), change(2, 4), change(1, 9), change(1, Change.NEXT))) {
      assertEquals(Outcome.STALE, store().write(DATA, extents(0, 4), stale));
      assertEquals(Outcome.STALE, store().create(DATA, Base.ZEROS, extents(0, 4), stale));
      assertEquals(Outcome.STALE, store().remove(DATA, stale));
    }
    assertArrayEquals(expected, read(DATA));
    assertOrder(2, 5);
  }

  @Test
  void theOrderPairIsThatOfTheLastChange() throws IOException {
    assertEquals(Outcome.DONE, store().create(DATA, Base.ZEROS, List.of(), change(0, Change.NEXT)));
    assertOrder(0, 1);
    assertEquals(Outcome.DONE, store().write(DATA, extents(0, 4), change(0, Change.NEXT)));
    assertOrder(0, 2);
    assertEquals(Outcome.DONE, store().write(DATA, extents(0, 1 << 20), change(0, 9)));
    assertOrder(0, 9);
    assertEquals(Outcome.DONE, store().write(DATA, extents(0, 4), change(3, Change.NEXT)));
    assertOrder(3, 1);
    assertEquals(Outcome.DONE, store().create(DATA, Base.ZEROS, List.of(), change(3, Change.NEXT)));
    assertOrder(3, 2);
    assertEquals(Outcome.DONE, store().write(DATA, List.of(), change(4, 7)));
    assertOrder(4, 7);
  }

  @Test
  void theSpaceThatAnObjectTakesFollowsWhatWasWritten() throws IOException {
    create(DATA, List.of());
    long empty = store().stat(DATA).orElseThrow().allocatedBytes();
    assertTrue(empty < 64 << 10, "an empty object takes " + empty);
    write(DATA, put(new byte[DATA.size()], DATA, 0, 1 << 20));
    store().flush(VDI);
    long written = store().stat(DATA).orElseThrow().allocatedBytes();
    assertTrue(written >= 1 << 20 && written < (1 << 20) + (64 << 10), "it takes " + written);
  }

  private void assertOrder(long generation, long number) throws IOException {
    ObjectStat stat = store().stat(DATA).orElseThrow();
    assertEquals(generation + "/" + number, stat.generation().value() + "/" + stat.pushNumber());
  }

  private static Change change(long generation, long number) {
    return new Change(
        VDI,
        new Generation(generation),
        number,
        CacheMode.DIRECT,
        Durability.DURABLE,
        Patience.WAIT);
  }
}
