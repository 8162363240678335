package dev.kelpie.dog;

import dev.kelpie.model.VdiId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFlags;
import java.util.Optional;

/// `dog vdi cache purge` (spec/cli.md §4.16): of one VDI, or of all after a question.
final class CachePurge implements Command {
  private static final String QUESTION =
      "This operation purges the cache of all the vdi. Continue? [yes/no]: ";

  @Override
  public int run(Invocation in) throws Failure, NotConfirmed, MalformedPayload {
    Optional<String> name = in.nextArgument();
    if (name.isEmpty()) {
      in.console().confirm(QUESTION);
      return CacheDrop.drop(in, Opcode.CACHE_PURGE, 0, 0);
    }
    VdiId vdi = in.vdis().find(name.get(), in.options().snapshot());
    return CacheDrop.drop(in, Opcode.CACHE_PURGE, RequestFlags.WRITE, vdi.value());
  }
}
