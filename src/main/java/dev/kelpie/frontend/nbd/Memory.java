package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.stream.Budget;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.Line;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The memory that all connections of a server share for payloads and for large buffers: blocks
/// outside the heap, and room on the heap for small payloads. Who has to wait is served in the
/// order of asking.
final class Memory {
  /// Payloads up to this size lie on the heap, larger ones in blocks.
  static final int SMALL_MAX = 64 << 10;

  /// The share of the heap for small payloads: 4096 requests of 4 KiB that wait at one time.
  private static final long HEAP_BYTES_MAX = 16 << 20;

  /// The bytes that an idle connection holds for each direction.
  static final int IDLE_SIZE = 16 << 10;

  private final Blocks blocks;
  private final Budget heap;
  private final Budget direct;
  private final long spareMin;

  /// Makes nothing yet.
  ///
  /// @param bytesMax of all blocks together
  Memory(Locks locks, Clock clock, long bytesMax) {
    this.blocks = new Blocks(locks, bytesMax);
    this.heap = new Budget(locks, clock, HEAP_BYTES_MAX);
    this.direct = new Budget(locks, clock, bytesMax);
    this.spareMin = bytesMax / 2;
  }

  /// A buffer of one connection: three requests of 4 KiB while it is idle, a block while it is
  /// busy.
  ElasticBuffer buffer() {
    return new ElasticBuffer(ByteBuffer.allocateDirect(IDLE_SIZE), this::spareBlock);
  }

  /// A block for speed, not out of need: only while half of all bytes are free.
  private Optional<ElasticBuffer.Loan> spareBlock() {
    if (!direct.tryTake(Blocks.BLOCK_SIZE, spareMin)) {
      return Optional.empty();
    }
    Blocks.Run block = blocks.take(1);
    return Optional.of(new ElasticBuffer.Loan(block.bytes(), () -> free(block)));
  }

  private void free(Blocks.Run block) {
    blocks.free(block);
    direct.free(Blocks.BLOCK_SIZE);
  }

  /// Room for `length` bytes if there is some now.
  Optional<Payload> tryTake(int length) {
    boolean taken = budget(length).tryTake(share(length), 0);
    return taken ? Optional.of(payload(length)) : Optional.empty();
  }

  /// Room for `length` bytes; waits for it.
  ///
  /// @param line for whom; the answer is empty once it is closed
  Optional<Payload> take(int length, Line line) {
    boolean taken = budget(length).take(share(length), line);
    return taken ? Optional.of(payload(length)) : Optional.empty();
  }

  /// Takes a payload's memory back.
  void free(Payload payload) {
    payload.runs().forEach(blocks::free);
    budget(payload.length()).free(payload.share());
  }

  /// Whether somebody has been waiting for memory for longer than `limit`.
  boolean shortFor(Duration limit) {
    return heap.shortFor(limit) || direct.shortFor(limit);
  }

  /// How many tasks wait for memory.
  int waiting() {
    return heap.waiting() + direct.waiting();
  }

  /// The bytes in use.
  long used() {
    return heap.used() + direct.used();
  }

  /// The bytes of memory that a payload of this length takes.
  static long share(int length) {
    return length <= SMALL_MAX ? length : (long) blocks(length) * Blocks.BLOCK_SIZE;
  }

  private static int blocks(int length) {
    return Math.ceilDiv(length, Blocks.BLOCK_SIZE);
  }

  private Budget budget(int length) {
    return length <= SMALL_MAX ? heap : direct;
  }

  private Payload payload(int length) {
    if (length <= SMALL_MAX) {
      return Payload.onHeap(length);
    }
    List<ByteBuffer> parts = new ArrayList<>();
    List<Blocks.Run> runs = new ArrayList<>();
    for (int left = length; left > 0; left -= parts.getLast().limit()) {
      Blocks.Run run = blocks.take(blocks(left));
      runs.add(run);
      parts.add(run.bytes().limit(Math.min(left, run.bytes().capacity())));
    }
    return new Payload(length, parts, runs);
  }
}
