package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog cluster reweight` (spec/cli.md §6.3). Exit status 1 for whatever goes wrong.
final class ClusterReweight implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    try {
      return in.sheep().lightCall(in.console(), Opcode.REWEIGHT, RequestFields.NONE)
          ? ExitStatus.SUCCESS
          : ExitStatus.FAILURE;
    } catch (LostConnection e) {
      throw e.ending(ExitStatus.FAILURE);
    }
  }
}
