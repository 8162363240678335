package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog cluster shutdown` (spec/cli.md §6.3). Exit status 1 for whatever goes wrong.
final class ClusterShutdown implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    try {
      if (in.sheep().lightCall(in.console(), Opcode.SHUTDOWN, RequestFields.NONE)) {
        return ExitStatus.SUCCESS;
      }
    } catch (LostConnection e) {
      throw e.ending(ExitStatus.FAILURE, "failed to execute request");
    }
    throw new Failure(ExitStatus.FAILURE, "failed to execute request");
  }
}
