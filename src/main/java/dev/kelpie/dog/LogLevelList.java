package dev.kelpie.dog;

/// `dog node log level list` (spec/cli.md §5.7), on standard error as in the original.
final class LogLevelList implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    for (String line : LogLevels.lines()) {
      in.console().error(line);
    }
    return ExitStatus.SUCCESS;
  }
}
