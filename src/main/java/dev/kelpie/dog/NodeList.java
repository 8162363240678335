package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;

/// `dog node list` (spec/cli.md §5.1).
final class NodeList implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    boolean json = in.options().json();
    in.console().print(json ? json(in.members()) : render(in.members(), in.options().raw()));
    return ExitStatus.SUCCESS;
  }

  static String json(Members members) {
    Json json = new Json().open('[');
    int id = 0;
    for (Node node : members.nodes()) {
      json.open('{').field("id", id++);
      json.field("address", node.id().address().host());
      json.field("port", node.id().address().port()).field("vnodes", node.vnodes());
      json.field("zone", Integer.toUnsignedLong(node.zone())).close('}');
    }
    return json.close(']').document();
  }

  static String render(Members members, boolean raw) {
    StringBuilder text = new StringBuilder();
    if (!raw) {
      text.append("  Id   Host:Port         V-Nodes       Zone\n");
    }
    int id = 0;
    for (Node node : members.nodes()) {
      String zone = Integer.toUnsignedString(node.zone());
      String address = node.id().address().toString();
      if (raw) {
        text.append(id).append(' ').append(address).append(' ').append(node.vnodes());
        text.append(' ').append(zone);
      } else {
        text.append(Values.right(id, 4)).append("   ").append(Values.left(address, 20));
        text.append('\t').append(Values.right(node.vnodes(), 2)).append(Values.right(zone, 11));
      }
      text.append('\n');
      id++;
    }
    return text.toString();
  }
}
