package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;

/// `dog node log level get` (spec/cli.md §5.7), on standard error as in the original.
final class LogLevelGet implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    int level = Settings.ask(in, Opcode.GET_LOGLEVEL, Integer.BYTES).getInt();
    boolean known = level >= 0 && level < LogLevels.NAMES.size();
    in.console().error((known ? LogLevels.NAMES.get(level) : "unknown") + " (" + level + ")");
    return ExitStatus.SUCCESS;
  }
}
