package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;

/// What `dog vdi cache mode` and `quota` ask of a sheep about one disk.
final class CacheSettingsClient {
  private final Invocation in;
  private final String name;
  private final RequestFields fields;

  /// @throws Failure where there is no such disk
  CacheSettingsClient(Invocation in, String name) throws Failure {
    this.in = in;
    this.name = name;
    Snapshot which = in.options().snapshot();
    if (which.id() != 0 || !which.tag().isEmpty()) {
      throw new Failure(
          ExitStatus.USAGE,
          "A snapshot has no cache settings of its own, those of its disk hold: leave -s out");
    }
    VdiId vdi = in.vdis().find(name, Snapshot.NONE);
    this.fields = RequestFields.Obj.at(ObjectId.inode(vdi), 0);
  }

  String name() {
    return name;
  }

  /// What holds now.
  DiskCache ask() throws Failure, MalformedPayload {
    Reply reply = in.sheep().call(Opcode.CACHE_SETTINGS, 0, DiskCache.SIZE, fields);
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "Failed to get the cache settings of VDI " + name + ": " + reply.text());
    }
    return DiskCache.decode(reply.data());
  }

  /// Changes something.
  void change(DiskCache change) throws Failure {
    ByteBuffer payload = SheepClient.allocate(DiskCache.SIZE);
    change.encode(payload);
    Reply reply =
        in.sheep()
            .call(
                RequestHeader.of(Opcode.CACHE_SETTINGS, RequestFlags.WRITE, DiskCache.SIZE, fields),
                payload.flip());
    if (reply.is(ResultCode.EIO)) {
      throw new Failure(
          ExitStatus.FAILURE,
          "The cache settings of VDI "
              + name
              + " may be changed, but what it has written could not all be brought to the store:"
              + " see the log of the sheep, then try again");
    }
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "Failed to change the cache settings of VDI " + name + ": " + reply.text());
    }
  }

  /// The settings as JSON.
  String json(DiskCache now) throws Failure {
    return new Json()
        .open('{')
        .field("name", name)
        .field("mode", CacheModeCommand.word(now.mode()))
        .field("max", now.max())
        .field("min", now.min())
        .field("used", now.used())
        .close('}')
        .document();
  }
}
