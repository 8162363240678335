package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import java.util.ArrayList;
import java.util.List;

/// `dog vdi tree` (spec/cli.md §4.7).
final class VdiTree implements Command {
  private static final String HERE = "(you are here)";

  @Override
  public int run(Invocation in) throws Failure {
    List<InodeHeader> inodes = new VdiScan(in).all();
    boolean bold = in.console().terminal().present();
    in.console().print(in.options().json() ? json(inodes) : render(inodes, bold));
    return ExitStatus.SUCCESS;
  }

  static String json(List<InodeHeader> inodes) {
    Json json = new Json().open('[');
    for (InodeHeader inode : inodes) {
      if (isRoot(inode, inodes)) {
        json(json, inode, inodes);
      }
    }
    return json.close(']').document();
  }

  private static void json(Json json, InodeHeader inode, List<InodeHeader> inodes) {
    json.open('{').field("name", inode.name()).field("vdi", Values.vdi(inode.vdi()));
    json.field("snapshot", inode.snapshot()).field("tag", inode.tag());
    json.field("created", Times.seconds(inode.createTime())).open("children", '[');
    for (InodeHeader child : children(inode, inodes)) {
      json(json, child, inodes);
    }
    json.close(']').close('}');
  }

  /// Every root with its name in front.
  static String render(List<InodeHeader> inodes, boolean bold) {
    StringBuilder text = new StringBuilder();
    for (InodeHeader inode : inodes) {
      if (isRoot(inode, inodes)) {
        text.append(inode.name()).append("---");
        List<Level> levels = new ArrayList<>();
        levels.add(new Level(inode.name().length(), false));
        node(text, inode, inodes, levels, bold);
      }
    }
    return text.toString();
  }

  /// An ancestor of the node that is drawn.
  ///
  /// @param width of its label
  /// @param more whether it has children still to be drawn, beside the branch that is drawn now
  private record Level(int width, boolean more) {}

  private static void node(
      StringBuilder text,
      InodeHeader inode,
      List<InodeHeader> inodes,
      List<Level> levels,
      boolean bold) {
    String label = label(inode);
    text.append(bold && !inode.snapshot() ? "\u001b[1m" + label + "\u001b[0m" : label);
    List<InodeHeader> children = children(inode, inodes);
    if (children.isEmpty()) {
      text.append('\n');
    }
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      if (i == 0) {
        text.append(last ? "---" : "-+-");
      } else {
        indent(text, levels);
        text.repeat(' ', label.length() + 1).append(last ? "`-" : "|-");
      }
      levels.add(new Level(label.length(), !last));
      node(text, children.get(i), inodes, levels, bold);
      levels.removeLast();
    }
  }

  private static void indent(StringBuilder text, List<Level> levels) {
    for (Level level : levels) {
      text.repeat(' ', level.width() + 1).append(level.more() ? "| " : "  ");
    }
  }

  private static String label(InodeHeader inode) {
    if (!inode.snapshot()) {
      return HERE;
    }
    Times time = Times.at(Times.seconds(inode.createTime()));
    return "[" + time.date() + " " + time.minutes() + "]";
  }

  private static boolean isRoot(InodeHeader inode, List<InodeHeader> inodes) {
    for (InodeHeader other : inodes) {
      if (isParent(other, inode)) {
        return false;
      }
    }
    return true;
  }

  private static List<InodeHeader> children(InodeHeader inode, List<InodeHeader> inodes) {
    List<InodeHeader> children = new ArrayList<>();
    for (InodeHeader other : inodes) {
      if (isParent(inode, other)) {
        children.add(other);
      }
    }
    return children;
  }

  private static boolean isParent(InodeHeader parent, InodeHeader child) {
    return parent.vdi() == child.parent() && parent.name().equals(child.name());
  }
}
