package dev.kelpie.dog;

import java.util.List;

/// `dog cluster snapshot list` (spec/cli.md §6.7). Asks no sheep.
final class SnapshotList implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    String path = in.nextArgument().orElseThrow();
    try {
      List<Farm.Entry> entries = Farm.open(path).entries();
      in.console().print(in.options().json() ? json(entries) : render(entries));
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM, "Fail to list snapshot.");
    }
    return ExitStatus.SUCCESS;
  }

  static String json(List<Farm.Entry> entries) {
    Json json = new Json().open('[');
    for (Farm.Entry entry : entries) {
      json.open('{').field("index", Integer.toUnsignedLong(entry.index()));
      json.field("tag", entry.tag()).field("time", entry.time()).close('}');
    }
    return json.close(']').document();
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
