package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.SheepStat;
import java.util.concurrent.atomic.LongAdder;

/// Counts requests for objects (STAT; spec/protocol-and-cache.md §1.7). There are no peers yet.
final class RequestCounters {
  private static final SheepStat.Peer NO_PEERS = new SheepStat.Peer(0, 0, 0, 0, 0, 0, 0);

  private final LongAdder active = new LongAdder();
  private final LongAdder total = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final LongAdder removes = new LongAdder();
  private final LongAdder reads = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder flushes = new LongAdder();

  /// A request is about to be carried out.
  void begin(Opcode opcode, RequestHeader header) {
    if (!counts(opcode)) {
      return;
    }
    active.increment();
    total.increment();
    received.add(header.payloadBytes());
    kind(opcode).increment();
  }

  /// A request that began was answered.
  ///
  /// @param bytes of data in the reply
  void end(Opcode opcode, int bytes) {
    if (counts(opcode)) {
      active.decrement();
      sent.add(bytes);
    }
  }

  /// The counters now.
  SheepStat read() {
    SheepStat.Gateway gateway =
        new SheepStat.Gateway(
            active.sum(),
            total.sum(),
            received.sum(),
            sent.sum(),
            removes.sum(),
            reads.sum(),
            writes.sum(),
            flushes.sum());
    return new SheepStat(gateway, NO_PEERS);
  }

  private static boolean counts(Opcode opcode) {
    return opcode.scope() == Opcode.Scope.GATEWAY || opcode == Opcode.FLUSH_VDI;
  }

  private LongAdder kind(Opcode opcode) {
    return switch (opcode) {
      case READ_OBJ -> reads;
      case REMOVE_OBJ -> removes;
      case FLUSH_VDI -> flushes;
      default -> writes;
    };
  }
}
