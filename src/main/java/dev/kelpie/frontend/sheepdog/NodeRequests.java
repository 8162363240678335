package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
    node.plug(paths(exchange.payload()));
    return Reply.DONE;
  }

  /// MD_UNPLUG.
  Reply unplug(Exchange exchange) throws IOException {
    node.unplug(paths(exchange.payload()));
    return Reply.DONE;
  }

  /// Paths with commas between them, to the first NUL.
  private static List<String> paths(ByteBuffer payload) {
    String text = StandardCharsets.ISO_8859_1.decode(payload).toString();
    int end = text.indexOf('\0');
    return List.of((end < 0 ? text : text.substring(0, end)).split(","));
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
