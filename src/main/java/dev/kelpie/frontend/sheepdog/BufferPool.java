package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.FairQueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// The memory outside the heap that all connections share for payloads and replies: segments that
/// are cut in halves, and halves of halves, until a piece fits (a buddy allocator). Whoever asks
/// first is served first.
final class BufferPool {
  /// The largest piece: more than the largest object.
  static final int SEGMENT = 16 << 20;

  /// The smallest piece: a request of 4 KiB and its neighbours in size.
  private static final int UNIT = 16 << 10;

  private static final int ORDER_MAX = Integer.numberOfTrailingZeros(SEGMENT / UNIT);

  /// The bytes of read-ahead of an idle connection: a few headers, or a header and the names of a
  /// VDI.
  private static final int IDLE_SIZE = 1 << 10;

  /// The same of a busy one: fifteen requests of 4 KiB.
  private static final int BUSY_SIZE = 64 << 10;

  private final FairQueue queue;
  private final int segmentsMax;
  private final List<ByteBuffer> segments = new ArrayList<>();

  /// For each order, which pieces of that size are free; a piece is numbered by its place among
  /// pieces of its size.
  private final List<BitSet> free = new ArrayList<>();

  /// Changed under the queue's lock.
  private final AtomicLong used = new AtomicLong();

  /// Makes nothing yet.
  ///
  /// @param bytesMax a multiple of [#SEGMENT]
  BufferPool(Locks locks, Clock clock, long bytesMax) {
    this.queue = new FairQueue(locks, clock);
    this.segmentsMax = (int) (bytesMax / SEGMENT);
    for (int order = 0; order <= ORDER_MAX; order++) {
      free.add(new BitSet());
    }
  }

  /// A piece of memory, given back when it is closed, any number of times.
  final class Buffer implements AutoCloseable {
    private final int order;
    private final int number;
    private final ByteBuffer bytes;
    private boolean closed;

    private Buffer(int order, int number, int length) {
      this.order = order;
      this.number = number;
      int perSegment = SEGMENT / (UNIT << order);
      ByteBuffer segment = segments.get(number / perSegment);
      this.bytes =
          segment
              .slice(number % perSegment * (UNIT << order), length)
              .order(ByteOrder.LITTLE_ENDIAN);
    }

    /// The memory, little-endian, as long as was asked for. What is in it is not defined.
    ByteBuffer bytes() {
      return bytes;
    }

    @Override
    public void close() {
      queue.giveBack(() -> {
        if (!closed) {
          closed = true;
          used.addAndGet(-(UNIT << order));
          release(order, number);
        }
      });
    }
  }

  /// A piece if there is one now and nobody waits for one.
  Optional<Buffer> tryTake(int length) {
    return queue.tryTake(() -> cut(length));
  }

  /// A piece for speed, not out of need: only while half of all memory is free after it.
  Optional<Buffer> trySpare(int length) {
    long half = (long) segmentsMax * SEGMENT / 2;
    return queue.tryTake(() -> used.get() + length <= half ? cut(length) : Optional.empty());
  }

  /// A piece; waits for it.
  ///
  /// @param gone whether nobody wants it any more; the answer is empty then, and only then
  Optional<Buffer> take(int length, BooleanSupplier gone) {
    return queue.take(() -> cut(length), gone);
  }

  /// Read-ahead for one connection.
  ElasticBuffer readAhead() {
    return new ElasticBuffer(
        ByteBuffer.allocate(IDLE_SIZE).order(ByteOrder.LITTLE_ENDIAN),
        () -> trySpare(BUSY_SIZE).map(b -> new ElasticBuffer.Loan(b.bytes(), b::close)));
  }

  /// Whether somebody has been waiting for longer than `limit`.
  boolean shortFor(Duration limit) {
    return queue.shortFor(limit);
  }

  /// How many wait.
  int waiting() {
    return queue.waiting();
  }

  /// The bytes that are taken, as pieces.
  long used() {
    return used.get();
  }

  private Optional<Buffer> cut(int length) {
    int order = order(length);
    int found = order;
    while (found <= ORDER_MAX && free.get(found).isEmpty()) {
      found++;
    }
    if (found > ORDER_MAX) {
      if (segments.size() == segmentsMax) {
        return Optional.empty();
      }
      found = ORDER_MAX;
      free.get(ORDER_MAX).set(segments.size());
      segments.add(ByteBuffer.allocateDirect(SEGMENT));
    }
    int number = free.get(found).nextSetBit(0);
    free.get(found).clear(number);
    while (found > order) {
      found--;
      number *= 2;
      free.get(found).set(number + 1);
    }
    used.addAndGet(UNIT << order);
    return Optional.of(new Buffer(order, number, length));
  }

  private void release(int order, int number) {
    while (order < ORDER_MAX && free.get(order).get(number ^ 1)) {
      free.get(order).clear(number ^ 1);
      number /= 2;
      order++;
    }
    free.get(order).set(number);
  }

  private static int order(int length) {
    int units = Math.max(1, Math.ceilDiv(length, UNIT));
    int order = Integer.SIZE - Integer.numberOfLeadingZeros(units - 1);
    if (order > ORDER_MAX) {
      throw new IllegalArgumentException("a buffer of " + length + " bytes");
    }
    return order;
  }
}
