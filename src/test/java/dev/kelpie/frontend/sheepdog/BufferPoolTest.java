package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.BufferPool.Buffer;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The memory that connections share.
@Timeout(60)
final class BufferPoolTest {
  private static final int MIB = 1 << 20;

  private final ManualClock clock = new ManualClock();
  private final BufferPool pool =
      new BufferPool(TestPlatform.real(new MemoryDisk()).locks(), clock, 32 << 20);

  /// A buffer, and what was written all over it.
  private record Held(Buffer buffer, byte mark) {}

  @Test
  void buffersNeverOverlapAndAllOfThemCanBeHadAgain() {
    RandomGenerator chance = Seeds.generator("BufferPoolTest");
    List<Held> held = new ArrayList<>();
    for (int round = 0; round < 5_000; round++) {
      if (chance.nextInt(3) > 0) {
        int length = chance.nextInt(1 << chance.nextInt(5, 24));
        byte mark = (byte) round;
        pool.tryTake(length).ifPresent(buffer -> held.add(new Held(mark(buffer, mark), mark)));
      } else if (!held.isEmpty()) {
        Held one = held.remove(chance.nextInt(held.size()));
        check(one);
        one.buffer.close();
        one.buffer.close();
      }
    }
    held.forEach(BufferPoolTest::check);
    held.forEach(one -> one.buffer.close());
    assertEquals(0, pool.used());
    Buffer first = pool.tryTake(16 * MIB).orElseThrow();
    Buffer second = pool.tryTake(16 * MIB).orElseThrow();
    assertEquals(Optional.empty(), pool.tryTake(1));
    first.close();
    second.close();
  }

  private static Buffer mark(Buffer buffer, byte mark) {
    assertEquals(ByteOrder.LITTLE_ENDIAN, buffer.bytes().order());
    ByteBuffer bytes = buffer.bytes().clear();
    for (int at = 0; at < bytes.limit(); at += 509) {
      bytes.put(at, mark);
    }
    return buffer;
  }

  private static void check(Held held) {
    ByteBuffer bytes = held.buffer.bytes();
    for (int at = 0; at < bytes.limit(); at += 509) {
      assertEquals(held.mark, bytes.get(at));
    }
  }

  @Test
  void sizesAreAsAskedForAndCountAsWhatTheyTake() {
    Buffer small = pool.tryTake(1).orElseThrow();
    assertEquals(1, small.bytes().capacity());
    assertEquals(16 << 10, pool.used());
    Buffer larger = pool.tryTake((16 << 10) + 1).orElseThrow();
    assertEquals(48 << 10, pool.used());
    small.close();
    larger.close();
    assertThrows(IllegalArgumentException.class, () -> pool.tryTake(16 * MIB + 1));
    pool.tryTake(0).orElseThrow().close();
  }

  @Test
  void spareMemoryIsGivenOnlyWhileHalfIsFree() {
    Buffer half = pool.tryTake(16 * MIB).orElseThrow();
    assertEquals(Optional.empty(), pool.trySpare(1));
    half.close();
    pool.trySpare(16 * MIB).orElseThrow().close();
  }

  @Test
  void readAheadIsLittleEndianAndGrowsOnlyWhileThereIsMemoryToSpare() {
    ElasticBuffer busy = pool.readAhead();
    assertTrue(busy.grow());
    assertEquals(64 << 10, busy.bytes().capacity());
    assertEquals(64 << 10, pool.used());
    assertEquals(ByteOrder.LITTLE_ENDIAN, busy.bytes().order());
    busy.close();
    assertEquals(0, pool.used());
    assertEquals(ByteOrder.LITTLE_ENDIAN, busy.bytes().order());
    Buffer half = pool.tryTake(16 * MIB).orElseThrow();
    assertFalse(busy.grow());
    half.close();
  }

  @Test
  void whoWaitsGetsAPieceWhenThereIsOne() throws Exception {
    Buffer first = pool.tryTake(16 * MIB).orElseThrow();
    Buffer second = pool.tryTake(16 * MIB).orElseThrow();
    FutureTask<Optional<Buffer>> waiter = new FutureTask<>(() -> pool.take(16 * MIB, () -> false));
    Thread.ofVirtual().start(waiter);
    Await.until("it waits", () -> pool.waiting() == 1);
    clock.advance(Duration.ofSeconds(2));
    assertTrue(pool.shortFor(Duration.ofSeconds(1)));
    first.close();
    waiter.get().orElseThrow().close();
    assertFalse(pool.shortFor(Duration.ZERO));
    second.close();
    assertEquals(0, pool.used());
  }
}
