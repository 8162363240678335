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

  /// GET_HASH: reads a whole object from disk, comparing it with its checksums. One that only the
  /// cache has is brought to the disk first.
  Reply hash(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.vdiBits() == 0) {
      return Reply.of(ResultCode.INVALID_PARMS);
    }
    if (store.stat(object).isEmpty() && objects.exists(object)) {
      objects.flush(object.vdi());
    }
    MessageDigest digest = sha1();
    Outcome outcome = read(object, digest, exchange.room(PIECE));
    return outcome == Outcome.DONE
        ? Reply.of(new ResponseFields.Hash(digest.digest()))
        : Reply.of(Answers.of(outcome));
  }

  private Outcome read(ObjectId object, MessageDigest digest, ByteBuffer room) throws IOException {
    Access access = new Access(object.vdi(), Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    for (int at = 0; at < object.size(); at += PIECE) {
      room.clear().limit(Math.min(PIECE, object.size() - at));
      Outcome outcome = store.read(object, at, room, access);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
      digest.update(room.flip());
    }
    return Outcome.DONE;
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
