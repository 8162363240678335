package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.BufferPool.Buffer;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
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
  void whoAsksFirstIsServedFirst() {
    Buffer first = pool.tryTake(16 * MIB).orElseThrow();
    Buffer second = pool.tryTake(8 * MIB).orElseThrow();
    List<String> served = new CopyOnWriteArrayList<>();
    waiting("large", 16 * MIB, served);
    Await.until("the large one waits", () -> pool.tryTake(1).isEmpty());
    assertFalse(pool.shortFor(Duration.ofSeconds(1)));
    clock.advance(Duration.ofSeconds(2));
    assertTrue(pool.shortFor(Duration.ofSeconds(1)));
    // There is room for one of the two only, until the second buffer is given back.
    waiting("later", 16 * MIB, served);
    first.close();
    Await.until("one is served", () -> !served.isEmpty());
    assertEquals(List.of("large"), served);
    second.close();
    Await.until("both are served", () -> served.size() == 2);
    assertFalse(pool.shortFor(Duration.ZERO));
  }

  private void waiting(String name, int length, List<String> served) {
    Thread.ofVirtual()
        .start(() -> {
          Buffer _ = pool.take(length, () -> false).orElseThrow();
          served.add(name);
        });
  }

  @Test
  void whoIsGoneDoesNotWaitOn() throws InterruptedException {
    Buffer first = pool.tryTake(16 * MIB).orElseThrow();
    Buffer second = pool.tryTake(16 * MIB).orElseThrow();
    AtomicBoolean gone = new AtomicBoolean();
    List<Optional<Buffer>> got = new CopyOnWriteArrayList<>();
    Thread waiter = Thread.ofVirtual().start(() -> got.add(pool.take(1, gone::get)));
    gone.set(true);
    waiter.join();
    assertEquals(List.of(Optional.empty()), got);
    first.close();
    second.close();
    pool.tryTake(1).orElseThrow().close();
  }
}
