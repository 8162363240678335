package dev.kelpie.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MemoryTest {
  private static final int BLOCK = Blocks.BLOCK_SIZE;
  private static final long BYTES_MAX = 64L << 20;

  private final ManualClock clock = new ManualClock();
  private final TestPlatform world = new TestPlatform(new MemoryDisk(), clock);
  private final Platform platform = world.platform();
  private final Locks locks = platform.locks();
  private final Memory memory = new Memory(locks, clock, BYTES_MAX);
  private final Line line = new Line(new DeadConnection(), clock);

  @Test
  void aPayloadHasItsLengthInAsFewPartsAsCanBe() {
    for (int length :
        List.of(1, 4096, 65536, 65537, BLOCK, BLOCK + 1, 1 << 20, 5 << 20, 32 << 20)) {
      Payload payload = memory.tryTake(length).orElseThrow();
      assertEquals(length, payload.parts().stream().mapToInt(ByteBuffer::limit).sum());
      assertEquals(Math.ceilDiv(length, 1 << 20), payload.parts().size());
      assertEquals(Memory.share(length), memory.used());
      memory.free(payload);
      assertEquals(0, memory.used());
    }
  }

  @Test
  void scatteredBlocksMakeAPayloadToo() {
    List<Payload> all = new ArrayList<>();
    for (Optional<Payload> one = memory.tryTake(BLOCK); one.isPresent(); ) {
      all.add(one.get());
      one = memory.tryTake(BLOCK);
    }
    assertEquals(BYTES_MAX / BLOCK, all.size());
    for (int i = 0; i < 8; i++) {
      memory.free(all.get(2 * i));
    }
    Payload payload = memory.tryTake(8 * BLOCK).orElseThrow();
    assertEquals(8, payload.parts().size());
    assertTrue(memory.tryTake(BLOCK).isEmpty());
  }

  @Test
  void payloadsThatAreOutAtOneTimeShareNothing() {
    RandomGenerator chance = Seeds.generator("payloadsThatAreOutAtOneTimeShareNothing");
    List<Payload> out = new ArrayList<>();
    for (int round = 0; round < 2000; round++) {
      if (chance.nextBoolean()) {
        memory
            .tryTake(70_000 + chance.nextInt(2 << 20))
            .ifPresent(payload -> {
              out.add(payload);
              stamp(payload);
            });
      } else if (!out.isEmpty()) {
        Payload payload = out.remove(chance.nextInt(out.size()));
        assertStamped(payload);
        memory.free(payload);
      }
    }
    out.forEach(MemoryTest::assertStamped);
  }

  private static void stamp(Payload payload) {
    for (ByteBuffer part : payload.parts()) {
      for (int at = 0; at + 4 <= part.limit(); at += 4096) {
        part.putInt(at, System.identityHashCode(payload));
      }
    }
  }

  private static void assertStamped(Payload payload) {
    for (ByteBuffer part : payload.parts()) {
      for (int at = 0; at + 4 <= part.limit(); at += 4096) {
        assertEquals(System.identityHashCode(payload), part.getInt(at));
      }
    }
  }

  @Test
  void slicesAreTheBytesOfTheirRange() {
    Payload payload = memory.tryTake(3 << 20).orElseThrow();
    int mib = 1 << 20;
    List<ByteBuffer> slices = payload.slice(mib - 10, 2 * mib + 5);
    assertEquals(List.of(10, mib, 5), slices.stream().map(ByteBuffer::remaining).toList());
    slices.getFirst().put(9, (byte) 77);
    assertEquals(77, payload.parts().getFirst().get(mib - 1));
    assertEquals(List.of(), payload.slice(5, 5));
  }

  @Test
  void spareBlocksAreGivenOnlyWhileHalfIsFree() {
    int spare = 0;
    while (memory.spareBlock().isPresent()) {
      spare++;
    }
    assertEquals(BYTES_MAX / BLOCK / 2, spare);
    assertTrue(memory.tryTake(32 << 20).isPresent());
  }

  @Test
  void whoAsksFirstIsServedFirst() {
    Payload all = memory.tryTake((int) BYTES_MAX).orElseThrow();
    ConcurrentLinkedQueue<Integer> served = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      platform
          .tasks()
          .start(
              "taker",
              () -> {
                // Each takes everything, so that the next is served when this one is done.
                Payload payload = memory.take((int) BYTES_MAX, line).orElseThrow();
                served.add(number);
                memory.free(payload);
              });
      Await.until("it waits", () -> memory.waiting() == number + 1);
    }
    assertTrue(memory.tryTake(70_000).isEmpty());
    memory.free(all);
    Await.until("all are served", () -> served.size() == 5);
    assertEquals(List.of(0, 1, 2, 3, 4), List.copyOf(served));
    world.assertNoFailures();
  }

  @Test
  void whoseConnectionWasClosedWaitsNoLonger() throws Exception {
    takeAll();
    ConcurrentLinkedQueue<Boolean> answers = new ConcurrentLinkedQueue<>();
    platform.tasks().start("taker", () -> answers.add(memory.take(70_000, line).isPresent()));
    Await.until("it waits", () -> memory.waiting() == 1);
    line.close();
    Await.until("it has an answer", () -> !answers.isEmpty());
    assertFalse(answers.element());
  }

  @Test
  void smallPayloadsDoNotWaitForLargeOnes() {
    takeAll();
    assertTrue(memory.tryTake(70_000).isEmpty());
    assertTrue(memory.tryTake(4096).isPresent());
  }

  @Test
  void aShortageIsToldByItsAge() {
    takeAll();
    platform.tasks().start("taker", () -> memory.take(70_000, line));
    Await.until("it waits", () -> memory.waiting() == 1);
    assertFalse(memory.shortFor(Duration.ofSeconds(5)));
    clock.advance(Duration.ofSeconds(6));
    assertTrue(memory.shortFor(Duration.ofSeconds(5)));
  }

  @Test
  void anElasticBufferKeepsItsBytesWhenItGrows() {
    ElasticBuffer buffer = new ElasticBuffer(memory);
    buffer.bytes().putLong(42);
    assertTrue(buffer.grow());
    assertFalse(buffer.grow());
    assertEquals(BLOCK, buffer.bytes().capacity());
    assertEquals(8, buffer.bytes().position());
    assertEquals(42, buffer.bytes().getLong(0));
    for (int i = 0; i < 20; i++) {
      buffer.rest(100);
    }
    assertEquals(ElasticBuffer.SMALL_SIZE, buffer.bytes().capacity());
    assertEquals(0, memory.used());
  }

  private Payload takeAll() {
    return memory.tryTake((int) BYTES_MAX).orElseThrow();
  }

  /// A connection that nobody is at the other end of.
  private static final class DeadConnection implements Network.Connection {
    @Override
    public Endpoint peer() {
      return new Endpoint.Unix(Path.of("nowhere"));
    }

    @Override
    public int read(ByteBuffer into) {
      return -1;
    }

    @Override
    public void write(ByteBuffer... from) {
      throw new IllegalStateException("nobody is there");
    }

    @Override
    public void shutdownOutput() {}

    @Override
    public void close() {}
  }
}
