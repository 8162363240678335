package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import java.util.List;

/// `dog node md info` (spec/cli.md §5.4): the disks of the node that is asked, or of all.
final class DiskList implements Command {
  private static final String HEADER = "Id\tSize\tUsed\tAvail\tUse%\tPath\n";

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    if (in.options().json()) {
      in.console().print(json(in));
      return ExitStatus.SUCCESS;
    }
    boolean raw = in.options().raw();
    in.console().print(raw ? "" : HEADER);
    if (!in.options().has('A')) {
      in.console().print(disks(in, in.options().sheep(), raw));
      return ExitStatus.SUCCESS;
    }
    List<Node> nodes = in.members().nodes();
    for (int id = 0; id < nodes.size(); id++) {
      in.console().print(raw ? "" : "Node " + id + ":\n");
      in.console().print(disks(in, nodes.get(id).id().address(), raw));
    }
    return ExitStatus.SUCCESS;
  }

  private static String json(Invocation in) throws Failure, MalformedPayload {
    Json json = new Json().open('[');
    if (in.options().has('A')) {
      for (Node node : in.members().nodes()) {
        json(json, node.id().address(), fetch(in, node.id().address()));
      }
    } else {
      json(json, in.options().sheep(), fetch(in, in.options().sheep()));
    }
    return json.close(']').document();
  }

  static void json(Json json, NodeAddress node, MdInfo info) {
    json.open('{').field("node", node.toString()).open("disks", '[');
    for (MdInfo.MdDisk disk : info.disks()) {
      json.open('{').field("id", disk.index()).field("path", disk.path());
      json.field("size", disk.used() + disk.free()).field("used", disk.used());
      json.field("free", disk.free()).close('}');
    }
    json.close(']').close('}');
  }

  private static String disks(Invocation in, NodeAddress node, boolean raw)
      throws Failure, MalformedPayload {
    return render(node, fetch(in, node), raw);
  }

  static MdInfo fetch(Invocation in, NodeAddress node) throws Failure, MalformedPayload {
    Reply reply = in.sheep(node).call(Opcode.MD_INFO, 0, MdInfo.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw new Failure(
          ExitStatus.FAILURE, "failed to get multi-disk information: " + reply.text());
    }
    return MdInfo.decode(reply.data());
  }

  static String render(NodeAddress node, MdInfo info, boolean raw) {
    StringBuilder text = new StringBuilder();
    char separator = raw ? ' ' : '\t';
    for (MdInfo.MdDisk disk : info.disks()) {
      long size = disk.used() + disk.free();
      int percent = Values.percent(disk.used(), size);
      text.append(raw ? node + " " + disk.index() : Values.right(disk.index(), 2));
      text.append(separator).append(Values.size(size, raw));
      text.append(separator).append(Values.size(disk.used(), raw));
      text.append(separator).append(Values.size(disk.free(), raw));
      text.append(separator).append(raw ? Integer.toString(percent) : Values.right(percent, 3));
      text.append('%').append(separator).append(disk.path()).append('\n');
    }
    return text.toString();
  }
}
