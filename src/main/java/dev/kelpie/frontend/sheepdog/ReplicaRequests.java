package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// Requests about the copies of objects that this node keeps, past its cache: what checks of VDIs
/// ask for.
final class ReplicaRequests {
  private static final int PIECE = 1 << 20;

  private final ObjectStore store;
  private final ClientObjects objects;

  /// @param store what is on this node's disks
  ReplicaRequests(ObjectStore store, ClientObjects objects) {
    this.store = store;
    this.objects = objects;
  }

  /// GET_HASH: reads a whole object from disk, which compares it with its checksums. One that only
  /// the cache has yet is read from there; to flush it here would take the guest's own flush the
  /// word of a loss away.
  Reply hash(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.vdiBits() == 0) {
      return Reply.of(ResultCode.INVALID_PARMS);
    } else if (store.stat(object).isPresent()) {
      return hash(object, exchange.room(PIECE), this::readStored);
    }
    return objects.exists(object)
        ? hash(object, exchange.room(PIECE), this::readCached)
        : Reply.of(ResultCode.NO_OBJ);
  }

  private static Reply hash(ObjectId object, ByteBuffer room, Read read) throws IOException {
    MessageDigest digest = sha1();
    for (int at = 0; at < object.size(); at += PIECE) {
      room.clear().limit(Math.min(PIECE, object.size() - at));
      Outcome outcome = read.from(object, at, room);
      if (outcome != Outcome.DONE) {
        return Reply.of(Answers.of(outcome));
      }
      digest.update(room.flip());
    }
    return Reply.of(new ResponseFields.Hash(digest.digest()));
  }

  private Outcome readStored(ObjectId object, int offset, ByteBuffer into) throws IOException {
    Access access = new Access(object.vdi(), Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    return store.read(object, offset, into, access);
  }

  private Outcome readCached(ObjectId object, int offset, ByteBuffer into) throws IOException {
    return objects.read(object, offset, into, CacheMode.DIRECT, Patience.WAIT);
  }

  private interface Read {
    Outcome from(ObjectId object, int offset, ByteBuffer into) throws IOException;
  }

  /// OIDS_EXIST: the ids of those objects, of many, that are not there.
  Reply missing(Exchange exchange) throws IOException {
    ByteBuffer wanted = exchange.payload();
    if (wanted.remaining() % Long.BYTES != 0) {
      return Reply.of(ResultCode.INVALID_PARMS);
    }
    ByteBuffer missing = exchange.room(wanted.remaining());
    while (wanted.hasRemaining()) {
      ObjectId object = new ObjectId(wanted.getLong());
      if (object.vdiBits() == 0 || !objects.exists(object)) {
        missing.putLong(object.value());
      }
    }
    missing.flip();
    ResultCode result = missing.hasRemaining() ? ResultCode.NO_OBJ : ResultCode.SUCCESS;
    return exchange.has(RequestFlags.PIGGYBACK)
        ? new Reply(result, ResponseFields.NONE, missing)
        : Reply.of(result);
  }

  private static MessageDigest sha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }
}
