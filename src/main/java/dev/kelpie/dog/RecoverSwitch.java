package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog cluster recover enable` and `disable` (spec/cli.md §6.4).
final class RecoverSwitch implements Command {
  private final Opcode opcode;
  private final String word;

  RecoverSwitch(Opcode opcode, String word) {
    this.opcode = opcode;
    this.word = word;
  }

  @Override
  public int run(Invocation in) throws Failure {
    try {
      if (!in.sheep().lightCall(in.console(), opcode, RequestFields.NONE)) {
        return ExitStatus.FAILURE;
      }
    } catch (LostConnection e) {
      throw e.ending(ExitStatus.FAILURE);
    }
    in.console().printLine("Cluster recovery: " + word);
    return ExitStatus.SUCCESS;
  }
}
