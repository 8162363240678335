package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.Invariant;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Requests for objects by id.
final class ObjectRequests {
  private static final Reply INVALID = Reply.of(ResultCode.INVALID_PARMS);

  private final ClientObjects objects;
  private final boolean cached;

  /// @param cached whether the node has an object cache. Where it has none, FLUSH_VDI says so with
  ///   the result that makes QEMU stop flushing, so every write is durable when it is answered
  ObjectRequests(ClientObjects objects, boolean cached) {
    this.objects = objects;
    this.cached = cached;
  }

  /// READ_OBJ.
  Handler reading() {
    return new Reading();
  }

  /// WRITE_OBJ.
  Handler writing() {
    return new Writing();
  }

  /// CREATE_AND_WRITE_OBJ: an object that is there is replaced.
  Reply create(Exchange exchange) throws IOException {
    RequestFields.Obj wanted = exchange.object();
    ObjectId object = wanted.object();
    ByteBuffer payload = exchange.payload();
    boolean copies = exchange.has(RequestFlags.COW);
    boolean copiesAlike = wanted.cow().vdiBits() != 0 && wanted.cow().kind() == object.kind();
    if (!fits(wanted, payload.remaining()) || (copies && !copiesAlike)) {
      return INVALID;
    }
    Base base = copies ? new Base.CopyOf(wanted.cow()) : Base.ZEROS;
    int offset = (int) wanted.offset();
    return answer(
        objects.create(object, base, offset, payload, mode(exchange), durability(exchange)));
  }

  /// REMOVE_OBJ.
  Reply remove(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    return object.vdiBits() == 0 ? INVALID : answer(objects.remove(object));
  }

  /// DISCARD_OBJ. Its data length means nothing (spec §2.1.8).
  Reply discard(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    boolean data = object.kind() == ObjectId.Kind.DATA && object.vdiBits() != 0;
    return data ? answer(objects.discard(object, mode(exchange))) : INVALID;
  }

  /// FLUSH_VDI: a barrier for all writes of this VDI that were answered, on any connection (I1).
  Reply flush(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.vdiBits() == 0 || !cached) {
      return INVALID;
    }
    objects.flush(object.vdi());
    return Reply.DONE;
  }

  /// EXIST.
  Reply exists(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    boolean there = object.vdiBits() != 0 && objects.exists(object);
    return there ? Reply.DONE : Reply.of(ResultCode.NO_OBJ);
  }

  private final class Reading implements Handler {
    @Override
    public Reply handle(Exchange exchange) throws IOException {
      RequestFields.Obj wanted = exchange.object();
      int length = exchange.header().dataLength();
      if (!fits(wanted, length)) {
        return INVALID;
      }
      return read(exchange, exchange.room(length), Patience.WAIT).orElseThrow();
    }

    @Override
    public Optional<Reply> atOnce(Exchange exchange) throws IOException {
      int length = exchange.header().dataLength();
      Optional<ByteBuffer> room =
          fits(exchange.object(), length) ? exchange.tryRoom(length) : Optional.empty();
      return room.isPresent() ? read(exchange, room.get(), Patience.NOW) : Optional.empty();
    }

    private Optional<Reply> read(Exchange exchange, ByteBuffer into, Patience patience)
        throws IOException {
      RequestFields.Obj wanted = exchange.object();
      Outcome outcome =
          objects.read(wanted.object(), (int) wanted.offset(), into, mode(exchange), patience);
      if (outcome == Outcome.DONE) {
        Invariant.check(!into.hasRemaining(), "a read that is done has filled its buffer");
        return Optional.of(Reply.of(into.flip()));
      }
      return waits(outcome, patience) ? Optional.empty() : Optional.of(answer(outcome));
    }
  }

  private final class Writing implements Handler {
    @Override
    public Reply handle(Exchange exchange) throws IOException {
      RequestFields.Obj wanted = exchange.object();
      int length = exchange.payload().remaining();
      if (!fits(wanted, length)) {
        return INVALID;
      } else if (length == 0) {
        return writeNothing(exchange);
      }
      return write(exchange, Patience.WAIT).orElseThrow();
    }

    @Override
    public Optional<Reply> atOnce(Exchange exchange) throws IOException {
      int length = exchange.payload().remaining();
      boolean ordinary = length > 0 && fits(exchange.object(), length);
      return ordinary ? write(exchange, Patience.NOW) : Optional.empty();
    }

    private Optional<Reply> write(Exchange exchange, Patience patience) throws IOException {
      RequestFields.Obj wanted = exchange.object();
      Outcome outcome =
          objects.write(
              wanted.object(),
              (int) wanted.offset(),
              exchange.payload(),
              mode(exchange),
              durability(exchange),
              patience);
      return waits(outcome, patience) ? Optional.empty() : Optional.of(answer(outcome));
    }
  }

  /// QEMU sends a flush again as a write of nothing to the inode, after a reconnect (spec §2.1.12).
  private Reply writeNothing(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.kind() == ObjectId.Kind.INODE && exchange.has(RequestFlags.CACHE)) {
      objects.flush(object.vdi());
      return Reply.DONE;
    }
    return exists(exchange);
  }

  private static boolean waits(Outcome outcome, Patience patience) {
    boolean waits = outcome == Outcome.WOULD_WAIT;
    Invariant.check(
        !waits || patience == Patience.NOW, "a request that may wait was not carried out");
    return waits;
  }

  private static boolean fits(RequestFields.Obj wanted, int length) {
    ObjectId object = wanted.object();
    return object.vdiBits() != 0
        && wanted.offset() >= 0
        && wanted.offset() <= object.size() - length;
  }

  private static Reply answer(Outcome outcome) {
    return Reply.of(Answers.of(outcome));
  }

  private CacheMode mode(Exchange exchange) {
    if (!cached || exchange.has(RequestFlags.DIRECT)) {
      return CacheMode.DIRECT;
    }
    return exchange.has(RequestFlags.CACHE) ? CacheMode.WRITEBACK : CacheMode.WRITETHROUGH;
  }

  private Durability durability(Exchange exchange) {
    return mode(exchange) == CacheMode.WRITEBACK ? Durability.DEFERRED : Durability.DURABLE;
  }
}
