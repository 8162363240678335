package dev.kelpie.dog;

import java.util.List;

/// `dog cluster snapshot list` (spec/cli.md §6.7). Asks no sheep.
final class SnapshotList implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    String path = in.nextArgument().orElseThrow();
    try {
      in.console().print(render(Farm.open(path).entries()));
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM, "Fail to list snapshot.");
    }
    return ExitStatus.SUCCESS;
  }

  static String render(List<Farm.Entry> entries) {
    StringBuilder text = new StringBuilder("Index\t\tTag\t\tSnapshot Time\n");
    for (Farm.Entry entry : entries) {
      text.append(Integer.toUnsignedString(entry.index())).append("\t\t").append(entry.tag());
      text.append("\t\t").append(Times.at(entry.time()).ctime()).append('\n');
    }
    return text.toString();
  }
}
