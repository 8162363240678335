package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Epoch;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.platform.Clock;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.ClusterInfo;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.ProtocolVersion;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Requests about the cluster as a whole.
final class ClusterRequests {
  private static final Reply INVALID = Reply.of(ResultCode.INVALID_PARMS);
  private static final Reply BUFFER_SMALL = Reply.of(ResultCode.BUFFER_SMALL);

  /// What the original calls its two ways to name object files. Here they are names and no more.
  private static final List<String> STORES = List.of("tree", "plain");

  private static final String DEFAULT_STORE = "plain";
  private static final int FLAGS = ClusterFlags.STRICT | ClusterFlags.USE_LOCK;

  private final ClusterBook book;
  private final NodeControl node;
  private final Clock clock;
  private final RecoveryControl recovery;

  ClusterRequests(ClusterBook book, NodeControl node, Clock clock, RecoveryControl recovery) {
    this.book = book;
    this.node = node;
    this.clock = clock;
    this.recovery = recovery;
  }

  /// GET_NODE_LIST.
  Reply nodes(Exchange exchange) throws IOException {
    List<Node> nodes = nodes(node.members());
    int size = nodes.size() * Node.SIZE;
    if (room(exchange) < size) {
      return BUFFER_SMALL;
    }
    ByteBuffer data = exchange.room(size);
    nodes.forEach(each -> each.encode(data));
    ResponseFields fields = new ResponseFields.Node(nodes.size(), 0, 0);
    return new Reply(ResultCode.SUCCESS, fields, data.flip());
  }

  /// MAKE_FS.
  Reply format(Exchange exchange) throws IOException {
    RequestFields.Cluster wanted = exchange.cluster();
    String store = exchange.text();
    if (store.isEmpty()) {
      store = DEFAULT_STORE;
    }
    if (!STORES.contains(store)) {
      return Reply.of(ResultCode.NO_STORE);
    } else if (wanted.copyPolicy() != 0 || (wanted.flags() & ~FLAGS) != 0) {
      return Reply.of(ResultCode.NO_SUPPORT);
    } else if (wanted.copies() < 1 || wanted.copies() > Format.COPIES_MAX) {
      return INVALID;
    }
    long time = wanted.createTime() != 0 ? wanted.createTime() : packed(clock.now());
    node.format(new Format(time, wanted.copies(), 0, wanted.flags(), store));
    return Reply.DONE;
  }

  /// SHUTDOWN.
  Reply shutdown(Exchange exchange) {
    node.shutdown(exchange.client().toString());
    return Reply.DONE;
  }

  /// STAT_CLUSTER: as many epochs as there is room for, newest first. Creation time and format
  /// stand in the first one only.
  Reply epochs(Exchange exchange) throws IOException {
    int slots = exchange.cluster().nodes();
    if (slots < 0 || slots > Node.COUNT_MAX) {
      return INVALID;
    }
    Optional<Cluster> cluster = book.cluster();
    if (cluster.isEmpty()) {
      return Reply.of(ResultCode.WAIT_FOR_FORMAT);
    }
    int room = room(exchange) / EpochLog.size(slots);
    List<Epoch> epochs = cluster.get().epochs();
    epochs = epochs.subList(0, Math.min(room, epochs.size()));
    if (epochs.stream().anyMatch(epoch -> epoch.members().size() > slots)) {
      return BUFFER_SMALL;
    }
    ByteBuffer data = exchange.room(epochs.size() * EpochLog.size(slots));
    for (int i = 0; i < epochs.size(); i++) {
      log(cluster.get().format(), epochs.get(i), i == 0).encode(data, slots);
    }
    return Reply.of(data.flip());
  }

  private EpochLog log(Format format, Epoch epoch, boolean first) {
    List<Node> nodes = nodes(epoch.members());
    return first
        ? new EpochLog(
            format.createTime(),
            epoch.time(),
            epoch.number(),
            recovery.disabled(),
            format.copies(),
            format.copyPolicy(),
            format.flags(),
            format.store(),
            nodes)
        : new EpochLog(0, epoch.time(), epoch.number(), false, 0, 0, 0, "", nodes);
  }

  /// ALTER_CLUSTER_COPY: the copies of VDIs to come.
  Reply alterCopies(Exchange exchange) throws IOException {
    RequestFields.Cluster wanted = exchange.cluster();
    if (wanted.copyPolicy() != 0 || wanted.copies() < 1 || wanted.copies() > Format.COPIES_MAX) {
      return INVALID;
    }
    book.alterCopies(wanted.copies());
    return Reply.DONE;
  }

  /// GET_STORE_LIST.
  Reply stores(Exchange exchange) throws IOException {
    byte[] names = (String.join(" ", STORES) + " ").getBytes(StandardCharsets.ISO_8859_1);
    if (room(exchange) < names.length) {
      return BUFFER_SMALL;
    }
    return Reply.of(exchange.room(names.length).put(names).flip());
  }

  /// CLUSTER_INFO.
  Reply info(Exchange exchange) throws IOException {
    if (room(exchange) < ClusterInfo.SIZE) {
      return BUFFER_SMALL;
    }
    ByteBuffer data = exchange.room(ClusterInfo.SIZE);
    info().encode(data);
    return Reply.of(data.flip());
  }

  private ClusterInfo info() {
    Optional<Cluster> cluster = book.cluster();
    Optional<Format> format = cluster.map(Cluster::format);
    return new ClusterInfo(
        ProtocolVersion.INTERNAL,
        recovery.disabled(),
        cluster.map(c -> c.current().number()).orElse(0),
        format.map(Format::createTime).orElse(0L),
        format.map(Format::flags).orElse(0),
        format.map(Format::copies).orElse(0),
        format.map(Format::copyPolicy).orElse(0),
        cluster.isPresent() ? ClusterInfo.OK : ClusterInfo.WAIT,
        format.map(Format::store).orElse(""),
        nodes(node.members()));
  }

  /// The room that the client has for the reply, as far as we go.
  private static int room(Exchange exchange) {
    return Math.min(exchange.header().dataLength(), BufferPool.SEGMENT);
  }

  private static List<Node> nodes(List<Member> members) {
    return members.stream().map(ClusterRequests::node).toList();
  }

  private static Node node(Member member) {
    return new Node(id(member), member.vnodes(), member.zone(), member.space());
  }

  /// A member as the protocol names it.
  static NodeId id(Member member) {
    NodeAddress address = NodeAddress.of(member.address().getAddress(), member.port());
    return new NodeId(address, NodeAddress.NONE);
  }

  private static long packed(Instant time) {
    return time.getEpochSecond() << Integer.SIZE | time.getNano();
  }
}
