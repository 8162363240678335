package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;

/// `dog vdi cache flush` (spec/cli.md §4.16).
final class CacheFlush implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    VdiId vdi = in.vdis().find(name, in.options().snapshot());
    RequestFields fields = RequestFields.Obj.at(ObjectId.inode(vdi), 0);
    RequestHeader request = RequestHeader.of(Opcode.FLUSH_VDI, 0, 0, fields);
    Reply reply = CacheProgress.call(in, CacheProgress.Goal.FLUSH, vdi.value(), request);
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.FAILURE, "Response's result: " + reply.text(), "failed to execute request");
    }
    return ExitStatus.SUCCESS;
  }
}
