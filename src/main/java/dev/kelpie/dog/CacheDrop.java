package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;

/// What `dog vdi cache delete` and `purge` share. The sheep pushes what is dirty before it drops
/// it, and drops nothing that it cannot push, unless `-f` says so; then the loss is told.
final class CacheDrop {
  private CacheDrop() {}

  /// @param vdi which to drop; 0 for all
  static int drop(Invocation in, Opcode opcode, int flags, int vdi)
      throws Failure, MalformedPayload {
    int all = flags | (in.options().has('f') ? RequestFlags.FORCE : 0);
    ObjectId object = vdi == 0 ? new ObjectId(0) : ObjectId.inode(new VdiId(vdi));
    RequestHeader request = RequestHeader.of(opcode, all, 0, RequestFields.Obj.at(object, 0));
    Reply reply = CacheProgress.call(in, CacheProgress.Goal.DROP, vdi, request);
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.FAILURE, "Response's result: " + reply.text(), "failed to execute request");
    }
    if (reply.header().fields() instanceof ResponseFields.Obj lost && lost.offset() > 0) {
      in.console()
          .error(lost.offset() + " bytes of writes that were not in the store yet are dropped");
    }
    return ExitStatus.SUCCESS;
  }
}
