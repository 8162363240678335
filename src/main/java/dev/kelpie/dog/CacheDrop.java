package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;

/// What `dog vdi cache delete` and `purge` share. The sheep pushes what is dirty before it drops
/// it, and drops nothing that it cannot push, unless `-f` says so; then the loss is told.
final class CacheDrop {
  private CacheDrop() {}

  static int drop(Invocation in, Opcode opcode, int flags, RequestFields fields) throws Failure {
    int all = flags | (in.options().has('f') ? RequestFlags.FORCE : 0);
    Reply reply = in.sheep().call(RequestHeader.of(opcode, all, 0, fields));
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
