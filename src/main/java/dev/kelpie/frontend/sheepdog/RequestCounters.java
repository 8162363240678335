package dev.kelpie.frontend.sheepdog;

import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.util.List;
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

  /// What is told apart where requests are counted with their durations.
  private enum Kind {
    READ,
    WRITE,
    CREATE,
    REMOVE,
    DISCARD,
    FLUSH,
    /// About VDIs, nodes and the cluster.
    OTHER
  }

  private final RequestMeter<Kind> meter = new RequestMeter<>(Kind.class);

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
  /// @param nanos that it took
  void end(Opcode opcode, RequestHeader header, Reply reply, long nanos) {
    int bytes = reply.data().remaining();
    if (counts(opcode)) {
      active.decrement();
      sent.add(bytes);
    }
    Kind kind = meant(opcode);
    if (reply.result() == ResultCode.SUCCESS) {
      meter.served(kind, nanos, kind == Kind.OTHER ? 0 : bytes + header.payloadBytes());
    } else {
      meter.failed(kind, nanos);
    }
  }

  /// The requests since the start, by what they are about.
  List<RequestMeter.Reading> requests() {
    return meter.read();
  }

  private static Kind meant(Opcode opcode) {
    return switch (opcode) {
      case READ_OBJ -> Kind.READ;
      case WRITE_OBJ -> Kind.WRITE;
      case CREATE_AND_WRITE_OBJ -> Kind.CREATE;
      case REMOVE_OBJ -> Kind.REMOVE;
      case DISCARD_OBJ -> Kind.DISCARD;
      case FLUSH_VDI -> Kind.FLUSH;
      default -> Kind.OTHER;
    };
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
