package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import java.util.OptionalLong;

/// `dog vdi object location` (spec/cli.md §4.9).
final class ObjectLocation implements Command {
  private static final long INDEX_END = 1L << 32;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    OpenVdi opened = OpenVdi.of(in);
    InodeHeader inode = opened.inode();
    List<Node> nodes = in.members().nodes();
    String vdi = "0x" + Values.vdi(inode.vdi());
    OptionalLong wanted = in.options().index();
    if (wanted.isEmpty()) {
      in.console()
          .print("Looking for the inode object " + vdi + " with " + nodes.size() + " nodes\n\n");
      show(in, opened.object(), inode.copies());
      return ExitStatus.SUCCESS;
    }
    long index = wanted.getAsLong();
    OptionalLong found = allocated(in, opened, index);
    if (found.isEmpty()) {
      return isIndex(index) ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
    }
    ObjectId object = new ObjectId(found.getAsLong());
    in.console()
        .print(
            "Looking for the object "
                + object
                + " (vid "
                + vdi
                + " idx "
                + index
                + ", "
                + inode.copies()
                + " copies) with "
                + nodes.size()
                + " nodes\n\n");
    show(in, object, inode.copies());
    return ExitStatus.SUCCESS;
  }

  /// Whether there can be an object of this index.
  static boolean isIndex(long index) {
    return index < INDEX_END;
  }

  /// The id of the object that a VDI has at an index; says so where it has none.
  static OptionalLong allocated(Invocation in, OpenVdi vdi, long index) throws Failure {
    if (!isIndex(index)) {
      in.console().printLine("The offset is too large!");
      return OptionalLong.empty();
    }
    if (vdi.map().owner(index) == 0) {
      String vid = "0x" + Values.vdi(vdi.inode().vdi());
      in.console().printLine("The inode object " + vid + " idx " + index + " is not allocated");
      return OptionalLong.empty();
    }
    return OptionalLong.of(vdi.map().object((int) index).value());
  }

  private static void show(Invocation in, ObjectId object, int copies)
      throws Failure, MalformedPayload {
    List<Node> nodes = in.members().nodes();
    for (Node node : nodes) {
      ask(in, node, object);
    }
    StringBuilder text =
        new StringBuilder("\nAccording to sheepdog algorithm, the object should be located at:\n");
    String separator = "";
    for (Node node : new Ring(nodes).holders(object, copies)) {
      text.append(separator).append(node.id().address());
      separator = " ";
    }
    in.console().printLine(text.toString());
  }

  /// A node that cannot be reached is left out.
  private static void ask(Invocation in, Node node, ObjectId object) throws Failure {
    Reply reply;
    try {
      reply =
          in.sheep(node.id().address()).call(Opcode.EXIST, 0, 0, RequestFields.Obj.at(object, 0));
    } catch (LostConnection e) {
      for (String line : e.lines()) {
        in.console().error(line);
      }
      return;
    }
    String address = node.id().address().toString();
    if (reply.success()) {
      in.console().printLine(address + " has the object");
    } else if (reply.is(ResultCode.NO_OBJ)) {
      in.console().printLine(address + " doesn't have the object");
    } else if (reply.is(ResultCode.OLD_NODE_VER) || reply.is(ResultCode.NEW_NODE_VER)) {
      in.console().error("The node list has changed: please try again");
    } else {
      in.console().error(address + ": hit an unexpected error (" + reply.text() + ")");
    }
  }
}
