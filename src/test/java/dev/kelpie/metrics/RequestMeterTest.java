package dev.kelpie.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RequestMeterTest {
  private enum Kind {
    READ,
    WRITE
  }

  private final RequestMeter<Kind> meter = new RequestMeter<>(Kind.class);

  @Test
  void countsByKind() {
    meter.served(Kind.READ, 5000, 4096);
    meter.served(Kind.READ, 3000, 512);
    meter.failed(Kind.WRITE, 7_000_000);
    RequestMeter.Reading reads = meter.read().getFirst();
    assertEquals("READ", reads.kind());
    assertEquals(2, reads.requests());
    assertEquals(0, reads.failures());
    assertEquals(4608, reads.bytes());
    assertEquals(8000, reads.nanos());
    assertEquals(1, reads.buckets()[0]);
    assertEquals(1, reads.buckets()[1]);
    RequestMeter.Reading writes = meter.read().getLast();
    assertEquals(1, writes.requests());
    assertEquals(1, writes.failures());
    assertEquals(0, writes.bytes());
  }

  @ParameterizedTest
  @CsvSource({
    "-1,0",
    "0,0",
    "1,0",
    "4096,0",
    "4097,1",
    "8192,1",
    "8193,2",
    "17179869184,22",
    "17179869185,23",
    "9223372036854775807,23"
  })
  void aDurationIsInTheFirstBucketWhoseBoundItDoesNotExceed(long nanos, int bucket) {
    assertEquals(bucket, Durations.bucket(nanos));
    assertTrue(nanos <= Durations.boundNanos(bucket));
    assertTrue(bucket == 0 || nanos > Durations.boundNanos(bucket - 1));
  }

  @Test
  void manyTasksLoseNoCount() throws InterruptedException {
    int tasks = 4;
    int each = 10_000;
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads =
        java.util.stream.IntStream.range(0, tasks)
            .mapToObj(_ -> Thread.ofPlatform().start(() -> count(go, each)))
            .toList();
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals((long) tasks * each, meter.read().getFirst().requests());
    assertEquals((long) tasks * each, meter.read().getFirst().bytes());
  }

  private void count(CountDownLatch go, int times) {
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    for (int i = 0; i < times; i++) {
      meter.served(Kind.READ, i, 1);
    }
  }
}
