package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class StreamsTest {
  private static final long READ = 32 << 10;
  private static final long MIB = 1L << 20;

  private final Streams streams =
      new Streams(new TestPlatform(new MemoryDisk()).platform().locks());

  /// What was fetched up to here of the stream that a test reads.
  private long fetchedUntil;

  private long range;

  @Test
  void theThirdSequentialMissIsReadAheadOf() {
    assertEquals(Streams.NOTHING, streams.read(0, (int) READ, true));
    assertEquals(Streams.NOTHING, streams.read(READ, (int) READ, true));
    long fetch = streams.read(2 * READ, (int) READ, true);
    assertEquals(3 * READ, Streams.start(fetch));
    assertTrue(Streams.length(fetch) >= READ && Streams.length(fetch) <= Streams.WINDOW_MIN);
  }

  @Test
  void theWindowDoublesUpToItsLimitAndStaysAhead() {
    long largest = 0;
    for (long at = 0; at < 16 * MIB; at += READ) {
      read(at, at >= fetchedUntil);
      if (at > 4 * MIB) {
        assertTrue(fetchedUntil > at + READ, "at " + at + " only fetched until " + fetchedUntil);
      }
      largest = Math.max(largest, fetchedUntil - at);
    }
    assertTrue(largest > Streams.WINDOW_MAX / 2, "window " + largest);
    assertTrue(largest <= Streams.WINDOW_MAX + READ, "window " + largest);
  }

  @Test
  void everyByteIsFetchedOnce() {
    long last = 0;
    for (long at = 0; at < 8 * MIB; at += READ) {
      read(at, at >= fetchedUntil);
      if (range != Streams.NOTHING) {
        assertTrue(Streams.start(range) >= last);
        last = Streams.start(range) + Streams.length(range);
      }
    }
  }

  @Test
  void randomReadsAreNotReadAheadOf() {
    RandomGenerator chance = Seeds.generator("StreamsTest");
    long blocks = (64L << 30) / 4096;
    for (int i = 0; i < 100_000; i++) {
      assertEquals(Streams.NOTHING, streams.read(chance.nextLong(blocks) * 4096, 4096, true));
    }
  }

  @Test
  void hitsAloneBeginNothing() {
    for (long at = 0; at < 4 * MIB; at += READ) {
      assertEquals(Streams.NOTHING, streams.read(at, (int) READ, false));
    }
  }

  @Test
  void severalStreamsAreKeptApart() {
    int count = 6;
    int fetches = 0;
    for (int i = 0; i < 10; i++) {
      for (int s = 0; s < count; s++) {
        fetches +=
            streams.read(1000 * MIB * s + i * READ, (int) READ, true) != Streams.NOTHING ? 1 : 0;
      }
    }
    assertTrue(fetches >= count, "fetched " + fetches + " times");
  }

  @Test
  void readsThatOvertakeEachOtherAreOneStream() {
    for (int i = 0; i < 3; i++) {
      read(i * READ, true);
    }
    assertNotEquals(Streams.NOTHING, range);
    int fetches = 0;
    for (int i = 3; i < 200; i += 2) {
      read((i + 1) * READ, false);
      fetches += range != Streams.NOTHING ? 1 : 0;
      read(i * READ, false);
      fetches += range != Streams.NOTHING ? 1 : 0;
    }
    assertTrue(fetches > 5, "fetched " + fetches + " times");
    assertTrue(fetchedUntil > 200 * READ);
  }

  @Test
  void aRepeatedReadIsNoProgress() {
    streams.read(0, (int) READ, true);
    for (int i = 0; i < 10; i++) {
      assertEquals(Streams.NOTHING, streams.read(0, (int) READ, true));
    }
  }

  @Test
  void aReaderThatSkipsMostOfWhatIsFetchedIsLeftAlone() {
    for (int i = 0; i < 3; i++) {
      read(i * READ, true);
    }
    long fetched = 0;
    long at = 3 * READ;
    for (int i = 0; i < 400; i++) {
      range = streams.read(at, 4096, true);
      fetched += range == Streams.NOTHING ? 0 : Streams.length(range);
      at += 16 * 4096; // of which 4 KiB are read
    }
    assertTrue(fetched < 4 * MIB, "fetched " + fetched + " of " + at);
  }

  @Test
  void streamsThatBreakBeforeTheyUseAnythingHaveToShowMore() {
    int fetches = 0;
    for (int s = 0; s < 200; s++) {
      for (int i = 0; i < 3; i++) {
        fetches += streams.read(1000 * MIB * s + i * 4096L, 4096, true) != Streams.NOTHING ? 1 : 0;
      }
    }
    assertTrue(fetches < 20, "three reads were enough " + fetches + " times");
    for (int i = 0; i < 100; i++) {
      read(i * READ, true);
    }
    assertTrue(fetchedUntil > 0, "a long one is read ahead of again");
  }

  @Test
  void afterAFailureAStreamHasToShowItselfAgain() {
    for (int i = 0; i < 3; i++) {
      read(i * READ, true);
    }
    streams.failed();
    for (int i = 3; i < 20; i++) {
      read(i * READ, true);
      assertEquals(Streams.NOTHING, range);
    }
    for (int i = 20; i < 100; i++) {
      read(i * READ, true);
    }
    assertTrue(fetchedUntil > 50 * READ);
  }

  private void read(long at, boolean missed) {
    range = streams.read(at, (int) READ, missed);
    if (range != Streams.NOTHING) {
      fetchedUntil = Streams.start(range) + Streams.length(range);
    }
  }
}
