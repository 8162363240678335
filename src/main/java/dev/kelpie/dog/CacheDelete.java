package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog vdi cache delete` (spec/cli.md §4.16).
final class CacheDelete implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    String name = in.nextArgument().orElseThrow();
    VdiId vdi = in.vdis().find(name, in.options().snapshot());
    RequestFields fields = RequestFields.Obj.at(ObjectId.inode(vdi), 0);
    return CacheDrop.drop(in, Opcode.DELETE_CACHE, 0, fields);
  }
}
