package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import java.util.List;

/// `dog vdi graph` (spec/cli.md §4.8). Proxmox reads the lines with `->` and `group`.
final class VdiGraph implements Command {
  private static final int WIDTH = 10;
  private static final String NEXT = "\\n";

  @Override
  public int run(Invocation in) throws Failure {
    in.console().print(render(new VdiScan(in).all()));
    return ExitStatus.SUCCESS;
  }

  static String render(List<InodeHeader> inodes) {
    StringBuilder text = new StringBuilder("digraph G {\n");
    text.append("  node [shape = \"box\", fontname = \"Courier\"];\n\n");
    text.append("  \"0\" [shape = \"ellipse\", label = \"root\"];\n\n");
    for (InodeHeader inode : inodes) {
      node(text, inode);
    }
    return text.append("}\n").toString();
  }

  private static void node(StringBuilder text, InodeHeader inode) {
    String id = inode.snapshot() ? Integer.toHexString(inode.snapId()) : "0";
    Times created = Times.at(Times.seconds(inode.createTime()));
    String vdi = "\"" + Values.vdi(inode.vdi()) + "\"";
    text.append("  \"").append(Values.vdi(inode.parent())).append("\" -> ");
    text.append(vdi).append(";\n  ").append(vdi).append(" [\n    group = \"");
    text.append(inode.name()).append("\",\n    label = \"");
    text.append("Name: ").append(Values.right(inode.name(), WIDTH)).append(NEXT);
    text.append("Tag:  ").append(Values.right(id, WIDTH)).append(NEXT);
    text.append("Size: ").append(Values.right(Values.size(inode.size()), WIDTH)).append(NEXT);
    text.append("Date: ").append(Values.right(created.date(), WIDTH)).append(NEXT);
    text.append("Time: ").append(Values.right(created.seconds(), WIDTH)).append('"');
    text.append(inode.snapshot() ? "\n" : ",\n    color=\"red\"\n").append("  ];\n\n");
  }
}
