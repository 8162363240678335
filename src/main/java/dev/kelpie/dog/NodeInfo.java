package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResponseFields;
import java.util.ArrayList;
import java.util.List;

/// `dog node info` (spec/cli.md §5.2).
final class NodeInfo implements Command {
  /// The space of one node, in bytes.
  record Space(long size, long free) {
    long used() {
      return size - free;
    }
  }

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    boolean raw = in.options().raw();
    boolean json = in.options().json();
    if (!raw && !json) {
      in.console().print("Id\tSize\tUsed\tAvail\tUse%\n");
    }
    List<Space> spaces = new ArrayList<>();
    for (Node node : in.members().nodes()) {
      ask(in, node, spaces);
    }
    if (spaces.isEmpty()) {
      throw new Failure(ExitStatus.SYSTEM, "Cannot get information from any nodes");
    }
    if (!json) {
      in.console().print(renderNodes(spaces, raw));
    }
    long virtualSize = 0;
    for (InodeHeader inode : new VdiScan(in).all()) {
      virtualSize += inode.snapshot() ? 0 : inode.size();
    }
    in.console().print(json ? json(spaces, virtualSize) : renderTotal(spaces, virtualSize, raw));
    return ExitStatus.SUCCESS;
  }

  /// A node that does not answer, or refuses, is reported and not counted.
  private static void ask(Invocation in, Node node, List<Space> spaces) throws Failure {
    try {
      Reply reply = in.sheep(node.id().address()).call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE);
      if (!reply.success()) {
        in.console().error("Response's result: " + reply.text());
      } else if (reply.header().fields() instanceof ResponseFields.Node stat) {
        spaces.add(new Space(stat.storeSize(), stat.storeFree()));
      }
    } catch (LostConnection e) {
      for (String line : e.lines()) {
        in.console().error(line);
      }
    }
  }

  static String renderNodes(List<Space> spaces, boolean raw) {
    StringBuilder text = new StringBuilder();
    for (int id = 0; id < spaces.size(); id++) {
      text.append(raw ? Integer.toString(id) : Values.right(id, 2));
      space(text, spaces.get(id), raw);
      text.append('\n');
    }
    return text.toString();
  }

  static String renderTotal(List<Space> spaces, long virtualSize, boolean raw) {
    StringBuilder text = new StringBuilder("Total");
    space(text, total(spaces), raw);
    return text.append(raw ? " " : "\n\nTotal virtual image size\t")
        .append(Values.size(virtualSize, raw))
        .append('\n')
        .toString();
  }

  private static Space total(List<Space> spaces) {
    long size = 0;
    long free = 0;
    for (Space space : spaces) {
      size += space.size();
      free += space.free();
    }
    return new Space(size, free);
  }

  static String json(List<Space> spaces, long virtualSize) {
    Json json = new Json().open('{').open("nodes", '[');
    for (int id = 0; id < spaces.size(); id++) {
      json.open('{').field("id", id);
      space(json, spaces.get(id)).close('}');
    }
    json.close(']').open("total", '{');
    space(json, total(spaces)).close('}');
    return json.field("virtual_size", virtualSize).close('}').document();
  }

  private static Json space(Json json, Space space) {
    return json.field("size", space.size()).field("used", space.used()).field("free", space.free());
  }

  private static void space(StringBuilder text, Space space, boolean raw) {
    char separator = raw ? ' ' : '\t';
    int percent = Values.percent(space.used(), space.size());
    text.append(separator).append(Values.size(space.size(), raw));
    text.append(separator).append(Values.size(space.used(), raw));
    text.append(separator).append(Values.size(space.free(), raw));
    text.append(separator).append(raw ? Integer.toString(percent) : Values.right(percent, 3));
    text.append('%');
  }
}
