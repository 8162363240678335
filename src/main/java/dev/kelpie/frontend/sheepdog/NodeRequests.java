package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  /// MD_INFO. Disks beyond those that it can name are left out.
  Reply disks(Exchange exchange) throws IOException {
    List<MdInfo.MdDisk> disks = new ArrayList<>();
    for (NodeControl.DiskUse disk : node.disks()) {
      if (disks.size() < MdInfo.DISKS_MAX) {
        disks.add(new MdInfo.MdDisk(disks.size(), disk.free(), disk.used(), disk.path()));
      }
    }
    ByteBuffer data = exchange.room(MdInfo.SIZE);
    new MdInfo(disks).encode(data);
    return Reply.of(data.flip());
  }

  /// MD_PLUG.
  Reply plug(Exchange exchange) throws IOException {
    node.plug(paths(exchange));
    return Reply.DONE;
  }

  /// MD_UNPLUG.
  Reply unplug(Exchange exchange) throws IOException {
    node.unplug(paths(exchange));
    return Reply.DONE;
  }

  /// Paths with commas between them.
  private static List<String> paths(Exchange exchange) {
    return List.of(exchange.text().split(","));
  }

  /// GET_LOGLEVEL.
  Reply logLevel(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(Integer.BYTES);
    return Reply.of(data.putInt(node.logLevel().number()).flip());
  }

  /// SET_LOGLEVEL.
  Reply setLogLevel(Exchange exchange) {
    ByteBuffer payload = exchange.payload();
    Optional<Level> level =
        payload.remaining() == Integer.BYTES ? Level.numbered(payload.getInt()) : Optional.empty();
    level.ifPresent(node::logLevel);
    return level.isPresent() ? Reply.DONE : Reply.of(ResultCode.INVALID_PARMS);
  }

  /// STAT.
  Reply counters(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(SheepStat.SIZE);
    counters.read().encode(data);
    return Reply.of(data.flip());
  }
}
