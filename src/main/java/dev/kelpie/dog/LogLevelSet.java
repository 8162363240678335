package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import java.util.ArrayList;
import java.util.List;

/// `dog node log level set` (spec/cli.md §5.7).
final class LogLevelSet implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    String name = in.nextArgument().orElseThrow();
    int level = LogLevels.NAMES.indexOf(name);
    if (level < 0) {
      List<String> lines = new ArrayList<>();
      lines.add("invalid loglevel: " + name);
      lines.add("available loglevels:");
      lines.addAll(LogLevels.lines());
      throw new Failure(ExitStatus.MINUS_ONE, lines);
    }
    Settings.call(
        in, Opcode.SET_LOGLEVEL, SheepClient.allocate(Integer.BYTES).putInt(level).flip());
    return ExitStatus.SUCCESS;
  }
}
