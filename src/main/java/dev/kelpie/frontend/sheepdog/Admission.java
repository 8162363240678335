package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Member;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ProtocolVersion;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import java.util.Optional;

/// Whether the node takes a request at all: the checks before every handler, in the order of
/// spec/protocol-and-cache.md §1.5.
final class Admission {
  private final ClusterBook book;
  private final NodeControl node;
  private volatile Zones zones = new Zones(List.of(), 0);

  /// @param count how many different zones have a member that stores objects
  private record Zones(List<Member> of, int count) {}

  Admission(ClusterBook book, NodeControl node) {
    this.book = book;
    this.node = node;
  }

  /// The result that refuses the request; empty where it is taken.
  Optional<ResultCode> refusal(RequestHeader header) {
    if (!ProtocolVersion.accepts(header.opcodeNumber(), header.protocolVersion())) {
      return Optional.of(ResultCode.VER_MISMATCH);
    } else if (header.opcode().isEmpty()) {
      return Optional.of(ResultCode.INVALID_PARMS);
    }
    Opcode opcode = header.opcode().get();
    return (opcode == Opcode.PEER_HELLO ? Optional.<ResultCode>empty() : standing(opcode))
        .or(() -> lengths(header))
        .or(() -> opcode.scope() == Opcode.Scope.GATEWAY ? halt(opcode) : Optional.empty());
  }

  /// Of other nodes nothing is asked here: they are met also while nodes come and go.
  private Optional<ResultCode> standing(Opcode opcode) {
    return switch (node.standing()) {
      case KILLED -> Optional.of(ResultCode.KILLED);
      case SHUTTING_DOWN -> Optional.of(ResultCode.SHUTDOWN);
      case JOINING -> opcode.early() ? Optional.empty() : Optional.of(ResultCode.WAIT_FOR_JOIN);
      case SERVING ->
          opcode.early() || book.cluster().isPresent()
              ? Optional.empty()
              : Optional.of(ResultCode.WAIT_FOR_FORMAT);
    };
  }

  private static Optional<ResultCode> lengths(RequestHeader header) {
    return header.framing() == RequestHeader.Framing.SOUND
        ? Optional.empty()
        : Optional.of(ResultCode.INVALID_PARMS);
  }

  private Optional<ResultCode> halt(Opcode opcode) {
    int present = zones();
    boolean writes = opcode == Opcode.WRITE_OBJ || opcode == Opcode.CREATE_AND_WRITE_OBJ;
    int needed = writes ? book.cluster().map(Admission::zonesToWrite).orElse(1) : 1;
    return present < needed ? Optional.of(ResultCode.HALT) : Optional.empty();
  }

  private static int zonesToWrite(Cluster cluster) {
    boolean strict = (cluster.format().flags() & ClusterFlags.STRICT) != 0;
    return strict ? cluster.format().copies() : 1;
  }

  private int zones() {
    List<Member> members = node.members();
    Zones known = zones;
    if (!known.of.equals(members)) {
      long count =
          members.stream().filter(m -> m.vnodes() > 0).mapToInt(Member::zone).distinct().count();
      known = new Zones(members, (int) count);
      zones = known;
    }
    return known.count;
  }
}
