package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Redundancy;

/// What the two commands called `alter-copy` share (spec/cli.md §4.17, §6.6).
final class AlterCopy {
  private static final int DEFAULT = 3;

  private AlterCopy() {}

  /// The number of copies asked for; more than there are nodes has to be confirmed.
  ///
  /// @param what is altered, `vdi` or `cluster`
  static int copies(Invocation in, String what)
      throws Failure, WrongUsage, NotConfirmed, MalformedPayload {
    Redundancy wanted = in.options().redundancy();
    if (wanted.erasureCoded()) {
      throw new WrongUsage(
          "Changing redundancy level of erasure coded " + what + " is not supported yet.");
    }
    int copies = wanted.copies();
    if (copies == 0) {
      in.console()
          .printLine(
              "The "
                  + what
                  + "'s redundancy level is not specified, use "
                  + DEFAULT
                  + " as default.");
      copies = DEFAULT;
    }
    int nodes = in.members().nodes().size();
    if (copies > nodes) {
      in.console()
          .confirm(
              "Number of copies ("
                  + copies
                  + ") is larger than number of nodes ("
                  + nodes
                  + ").\nAre you sure you want to continue? [yes/no]: ");
    }
    return copies;
  }

  /// Asks, unless `-f` spares the user the question.
  static void confirm(Invocation in, String first, String second) throws Failure, NotConfirmed {
    if (!in.options().has('f')) {
      Caution.confirm(in, first, second);
    }
  }

  static Failure refused(String line) {
    return new Failure(ExitStatus.FAILURE, line);
  }
}
