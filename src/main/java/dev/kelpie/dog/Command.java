package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;

/// One command of the program.
interface Command {
  /// Carries it out.
  ///
  /// @return the exit status
  int run(Invocation in) throws Failure, WrongUsage, NotConfirmed, MalformedPayload;
}
