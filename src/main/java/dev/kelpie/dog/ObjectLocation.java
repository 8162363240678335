package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
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
    String name = in.nextArgument().orElseThrow();
    InodeHeader inode;
    ObjectMap map;
    try {
      inode = in.vdis().open(name, in.options().snapshot());
      map = in.vdis().map(inode);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("FATAL: no inode objects");
    }
    List<Node> nodes = in.members().nodes();
    String vdi = "0x" + Values.vdi(inode.vdi());
    OptionalLong wanted = in.options().index();
    if (wanted.isEmpty()) {
      in.console()
          .print("Looking for the inode object " + vdi + " with " + nodes.size() + " nodes\n\n");
      show(in, ObjectId.inode(new VdiId(inode.vdi())), inode.copies());
      return ExitStatus.SUCCESS;
    }
    long index = wanted.getAsLong();
    if (index >= INDEX_END) {
      in.console().printLine("The offset is too large!");
      return ExitStatus.FAILURE;
    }
    if (map.owner(index) == 0) {
      in.console().printLine("The inode object " + vdi + " idx " + index + " is not allocated");
      return ExitStatus.SUCCESS;
    }
    ObjectId object = map.object((int) index);
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
