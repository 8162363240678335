package dev.kelpie.dog;

import dev.kelpie.model.VdiId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;

/// `dog vdi cache delete` (spec/cli.md §4.16).
final class CacheDelete implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    VdiId vdi = in.vdis().find(name, in.options().snapshot());
    return CacheDrop.drop(in, Opcode.DELETE_CACHE, 0, vdi.value());
  }
}
