package dev.kelpie.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.Line;
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
    while (memory.buffer().grow()) {
      spare++;
    }
    assertEquals(BYTES_MAX / BLOCK / 2, spare);
    assertTrue(memory.tryTake(32 << 20).isPresent());
  }

  @Test
  void whoseConnectionWasClosedWaitsNoLonger() {
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
  void aBusyBufferIsABlockOfTheSharedMemory() {
    ElasticBuffer buffer = memory.buffer();
    assertEquals(Memory.IDLE_SIZE, buffer.bytes().capacity());
    assertEquals(0, memory.used());
    assertTrue(buffer.grow());
    assertEquals(BLOCK, buffer.bytes().capacity());
    assertEquals(BLOCK, memory.used());
    buffer.close();
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
    public boolean unread() {
      return false;
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
