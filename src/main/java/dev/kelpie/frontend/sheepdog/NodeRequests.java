package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Disk;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.SheepStat;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Requests about this node.
final class NodeRequests {
  private final NodeControl node;
  private final RequestCounters counters;

  NodeRequests(NodeControl node, RequestCounters counters) {
    this.node = node;
    this.counters = counters;
  }

  /// STAT_SHEEP.
  Reply space(Exchange exchange) throws IOException {
    Disk.Space space = node.space();
    return Reply.of(new ResponseFields.Node(0, space.total(), space.usable()));
  }

  /// KILL_NODE.
  Reply kill(Exchange exchange) {
    node.kill(exchange.client().toString());
    return Reply.DONE;
  }

  /// STAT.
  Reply counters(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(SheepStat.SIZE);
    counters.read().encode(data);
    return Reply.of(data.flip());
  }
}
