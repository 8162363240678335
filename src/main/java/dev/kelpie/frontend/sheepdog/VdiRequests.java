package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// Requests for VDIs by name.
final class VdiRequests {
  private static final Reply INVALID = Reply.of(ResultCode.INVALID_PARMS);
  private static final NodeId NOBODY = new NodeId(NodeAddress.NONE, NodeAddress.NONE);
  private static final int BITMAP_SIZE = VdiId.COUNT / Byte.SIZE;

  /// The only size of objects, 4 MiB, as clients of release 1.0 say it.
  private static final int BLOCK_SIZE_SHIFT = 22;

  private final VdiDirectory vdis;
  private final ClientObjects objects;
  private final ClusterBook book;

  VdiRequests(VdiDirectory vdis, ClientObjects objects, ClusterBook book) {
    this.vdis = vdis;
    this.objects = objects;
    this.book = book;
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

  /// LOCK_VDI: a client opens a VDI. No lock is taken, as on a cluster formatted without locks.
  Reply lock(Exchange exchange) throws IOException {
    Optional<VdiAnswer> answer = find(exchange);
    if (answer.isPresent() && answer.get() instanceof VdiAnswer.Found found) {
      objects.opened(found.vdi());
    }
    return answer.map(Answers::of).orElse(INVALID);
  }

  /// RELEASE_VDI: a client closes a VDI; a barrier (I17). Old clients name no VDI.
  Reply release(Exchange exchange) throws IOException {
    int vdi = exchange.vdi().baseVdi();
    if (vdi < 0 || vdi >= VdiId.COUNT) {
      return INVALID;
    }
    if (vdi != 0) {
      objects.flush(new VdiId(vdi));
    }
    return Reply.DONE;
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

  /// DEL_VDI.
  Reply delete(Exchange exchange) throws IOException {
    NameAndTag payload = NameAndTag.decode(exchange.payload());
    Optional<VdiName> name = name(payload.name());
    return name.isEmpty()
        ? INVALID
        : Answers.of(vdis.delete(name.get(), payload.tag(), exchange.vdi().snapId()));
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

  /// GET_VDI_COPIES: all VDIs, none of them locked.
  Reply states(Exchange exchange) throws IOException {
    List<VdiDirectory.State> states = vdis.states();
    long size = (long) states.size() * VdiState.SIZE;
    if (size > Math.min(exchange.header().dataLength(), BufferPool.SEGMENT)) {
      return Reply.of(ResultCode.BUFFER_SMALL);
    }
    ByteBuffer all = exchange.room((int) size);
    for (VdiDirectory.State state : states) {
      new VdiState(
              state.vdi().value(),
              state.copies(),
              state.snapshot(),
              state.copyPolicy(),
              VdiState.UNLOCKED,
              NOBODY,
              List.of())
          .encode(all);
    }
    return Reply.of(all.flip());
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
