package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Member;
import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.LeaseElsewhere;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Requests for VDIs by name.
final class VdiRequests {
  private static final Reply INVALID = Reply.of(ResultCode.INVALID_PARMS);
  private static final int LOCK_SHARED = 1;
  private static final NodeId NOBODY = new NodeId(NodeAddress.NONE, NodeAddress.NONE);
  private static final int BITMAP_SIZE = VdiId.COUNT / Byte.SIZE;

  /// The only size of objects, 4 MiB, as clients of release 1.0 say it.
  private static final int BLOCK_SIZE_SHIFT = 22;

  private final VdiDirectory vdis;
  private final ClientObjects objects;
  private final ClusterBook book;
  private final NodeControl node;
  private final Log log;

  VdiRequests(Services services, Log log) {
    this.vdis = services.vdis();
    this.objects = services.objects();
    this.book = services.book();
    this.node = services.node();
    this.log = log;
  }

  /// NEW_VDI: creates, clones, snapshots, or rolls back.
  Reply make(Exchange exchange) throws IOException {
    RequestFields.Vdi wanted = exchange.vdi();
    Optional<VdiName> name = name(NameAndTag.decode(exchange.payload()).name());
    boolean shift = wanted.blockSizeShift() == 0 || wanted.blockSizeShift() == BLOCK_SIZE_SHIFT;
    boolean base = wanted.baseVdi() >= 0 && wanted.baseVdi() < VdiId.COUNT;
    if (name.isEmpty() || wanted.size() < 0 || !shift || !base) {
      return INVALID;
    }
    if (wanted.baseVdi() != 0) {
      return Answers.of(from(new VdiId(wanted.baseVdi()), name.get(), wanted));
    }
    boolean create = wanted.snapId() == RequestFields.Vdi.CREATE;
    return create ? Answers.of(vdis.create(name.get(), shape(wanted))) : INVALID;
  }

  private VdiAnswer from(VdiId base, VdiName name, RequestFields.Vdi wanted) throws IOException {
    return switch (wanted.snapId()) {
      case RequestFields.Vdi.CREATE -> vdis.clone(name, base, shape(wanted));
      case RequestFields.Vdi.ROLLBACK -> vdis.rollback(name, base, shape(wanted));
      default -> vdis.snapshot(name, base, shape(wanted));
    };
  }

  /// LOCK_VDI: a client opens a VDI. A lock is taken where the cluster was formatted with locks.
  Reply lock(Exchange exchange) throws IOException {
    Optional<VdiAnswer> answer = usesLocks() ? findAndLock(exchange) : find(exchange);
    if (answer.isPresent() && answer.get() instanceof VdiAnswer.Found found) {
      try {
        objects.opened(found.vdi());
      } catch (LeaseElsewhere e) {
        log.info(String.valueOf(e.getMessage()));
        unlock(found.vdi());
        return Reply.of(ResultCode.VDI_LOCKED);
      }
    }
    return answer.map(Answers::of).orElse(INVALID);
  }

  private boolean usesLocks() {
    return book.cluster()
        .filter(c -> (c.format().flags() & ClusterFlags.USE_LOCK) != 0)
        .isPresent();
  }

  private Optional<VdiAnswer> findAndLock(Exchange exchange) throws IOException {
    NameAndTag payload = NameAndTag.decode(exchange.payload());
    Optional<VdiName> name = name(payload.name());
    if (name.isEmpty()) {
      return Optional.empty();
    }
    boolean shared = exchange.vdi().lockType() == LOCK_SHARED;
    VdiDirectory.Lock lock = shared ? VdiDirectory.Lock.SHARED : VdiDirectory.Lock.NORMAL;
    VdiAnswer answer = vdis.lock(name.get(), payload.tag(), exchange.vdi().snapId(), lock);
    if (answer instanceof VdiAnswer.Found found) {
      log.info(self() + " is locking VDI " + type(lock) + ": " + found.vdi());
      log.info("VDI " + found.vdi() + " is locked");
    } else if (find(exchange).orElse(answer) instanceof VdiAnswer.Found busy) {
      log.info("VDI " + busy.vdi() + " is already locked");
    }
    return Optional.of(answer);
  }

  private String self() {
    return "node: " + ClusterRequests.id(node.self()).address().longForm();
  }

  private static String type(VdiDirectory.Lock lock) {
    return lock == VdiDirectory.Lock.SHARED ? "(type: shared)" : "(type: normal)";
  }

  /// RELEASE_VDI: a client closes a VDI; a barrier (I17), and the end of its lock, whoever asks.
  /// Old clients name no VDI.
  Reply release(Exchange exchange) throws IOException {
    int vdi = exchange.vdi().baseVdi();
    if (vdi < 0 || vdi >= VdiId.COUNT) {
      return INVALID;
    }
    if (vdi != 0) {
      objects.flush(new VdiId(vdi));
      objects.closed(new VdiId(vdi));
      unlock(new VdiId(vdi));
    }
    return Reply.DONE;
  }

  private void unlock(VdiId vdi) throws IOException {
    Optional<VdiDirectory.State> state = vdis.state(vdi);
    if (state.isPresent() && state.get().lock() != VdiDirectory.Lock.NONE) {
      log.info(self() + " is unlocking VDI " + type(state.get().lock()) + ": " + vdi);
      vdis.unlock(vdi);
    }
  }

  /// ALTER_VDI_COPY: how many copies a VDI is to have.
  Reply alterCopies(Exchange exchange) throws IOException {
    RequestFields.VdiStateChange wanted = exchange.vdiState();
    int vdi = wanted.newVdi();
    return vdi <= 0 || vdi >= VdiId.COUNT || wanted.copyPolicy() != 0
        ? INVALID
        : Reply.of(Answers.of(vdis.alterCopies(new VdiId(vdi), wanted.copies())).result());
  }

  /// GET_VDI_INFO.
  Reply lookup(Exchange exchange) throws IOException {
    return find(exchange).map(Answers::of).orElse(INVALID);
  }

  private Optional<VdiAnswer> find(Exchange exchange) throws IOException {
    NameAndTag payload = NameAndTag.decode(exchange.payload());
    Optional<VdiName> name = name(payload.name());
    return name.isEmpty()
        ? Optional.empty()
        : Optional.of(vdis.lookup(name.get(), payload.tag(), exchange.vdi().snapId()));
  }

  /// DEL_VDI. Its reply names no VDI (spec §1.14).
  Reply delete(Exchange exchange) throws IOException {
    NameAndTag payload = NameAndTag.decode(exchange.payload());
    Optional<VdiName> name = name(payload.name());
    if (name.isEmpty()) {
      return INVALID;
    }
    VdiAnswer answer = vdis.delete(name.get(), payload.tag(), exchange.vdi().snapId());
    return Reply.of(Answers.of(answer).result());
  }

  /// READ_VDIS: a bit for each id in use, the lowest first.
  Reply inUse(Exchange exchange) throws IOException {
    byte[] used = vdis.inUse().toByteArray();
    ByteBuffer bitmap = exchange.room(BITMAP_SIZE).put(used);
    while (bitmap.remaining() >= Long.BYTES) {
      bitmap.putLong(0);
    }
    while (bitmap.hasRemaining()) {
      bitmap.put((byte) 0);
    }
    return Reply.of(bitmap.flip());
  }

  /// GET_VDI_COPIES: all VDIs, and how they are locked.
  Reply states(Exchange exchange) throws IOException {
    List<VdiDirectory.State> states = vdis.states();
    long size = (long) states.size() * VdiState.SIZE;
    if (size > Math.min(exchange.header().dataLength(), BufferPool.SEGMENT)) {
      return Reply.of(ResultCode.BUFFER_SMALL);
    }
    ByteBuffer all = exchange.room((int) size);
    for (VdiDirectory.State state : states) {
      state(state).encode(all);
    }
    return Reply.of(all.flip());
  }

  private VdiState state(VdiDirectory.State state) {
    List<NodeId> nodes = state.lockers().stream().map(this::id).toList();
    return switch (state.lock()) {
      case NONE -> state(state, VdiState.UNLOCKED, NOBODY, List.of());
      case NORMAL -> state(state, VdiState.LOCKED, nodes.getFirst(), List.of());
      case SHARED -> state(state, VdiState.SHARED, NOBODY, participants(nodes));
    };
  }

  /// The first may have changed the inode, and the others have to read it again.
  private static List<VdiState.Participant> participants(List<NodeId> nodes) {
    List<VdiState.Participant> participants = new ArrayList<>();
    for (NodeId id : nodes) {
      int standing =
          participants.isEmpty() ? VdiState.Participant.MODIFIED : VdiState.Participant.INVALIDATED;
      participants.add(new VdiState.Participant(standing, id));
    }
    return participants;
  }

  /// A node as clients know it: another one is named by its address and port.
  private NodeId id(VdiDirectory.Locker locker) {
    if (locker.here()) {
      return ClusterRequests.id(node.self());
    }
    return node.members().stream()
        .filter(member -> name(member).equals(locker.node()))
        .findFirst()
        .map(ClusterRequests::id)
        .orElse(NOBODY);
  }

  private static String name(Member member) {
    return member.address().getHostAddress() + ":" + member.port();
  }

  private static VdiState state(
      VdiDirectory.State state, int lock, NodeId owner, List<VdiState.Participant> participants) {
    return new VdiState(
        state.vdi().value(),
        state.copies(),
        state.snapshot(),
        state.copyPolicy(),
        lock,
        owner,
        participants);
  }

  private VdiDirectory.Shape shape(RequestFields.Vdi wanted) {
    int copies = wanted.copies();
    int policy = wanted.copyPolicy();
    Optional<Cluster> cluster = book.cluster();
    if (copies == 0 && cluster.isPresent()) {
      copies = cluster.get().format().copies();
      policy = cluster.get().format().copyPolicy();
    }
    return new VdiDirectory.Shape(wanted.size(), copies, policy, wanted.storePolicy());
  }

  private static Optional<VdiName> name(String name) {
    return name.isEmpty() ? Optional.empty() : Optional.of(new VdiName(name));
  }
}
