package dev.kelpie.frontend.nbd;

import java.util.concurrent.atomic.LongAdder;

/// What a server has done since its start.
final class NbdCounters {
  final LongAdder connections = new LongAdder();
  final LongAdder reads = new LongAdder();
  final LongAdder bytesRead = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder bytesWritten = new LongAdder();
  final LongAdder flushes = new LongAdder();
  final LongAdder others = new LongAdder();
  final LongAdder failures = new LongAdder();

  /// Counts a request that was taken.
  void count(Command command, long length) {
    switch (command) {
      case READ -> {
        reads.increment();
        bytesRead.add(length);
      }
      case WRITE -> {
        writes.increment();
        bytesWritten.add(length);
      }
      case FLUSH -> flushes.increment();
      case DISC, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, UNKNOWN -> others.increment();
    }
  }
}
