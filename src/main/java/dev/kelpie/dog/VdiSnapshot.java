package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// `dog vdi snapshot` (spec/cli.md §4.2). The sheep holds back writes by itself while it freezes
/// the VDI, so PREVENT_INODE_UPDATE and ALLOW_INODE_UPDATE are not sent.
final class VdiSnapshot implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    Snapshot snapshot = in.options().snapshot();
    if (snapshot.id() != 0) {
      throw new WrongUsage("Please specify a non-integer value for a snapshot tag name");
    }
    String name = in.nextArgument().orElseThrow();
    checkTagIsFree(in.vdis(), name, snapshot);
    InodeHeader inode = in.vdis().open(name, Snapshot.NONE);
    if (inode.storePolicy() != 0) {
      throw new Failure(ExitStatus.FAILURE, "creating a snapshot of hypervolume is not supported");
    }
    VdiId frozen = new VdiId(inode.vdi());
    ByteBuffer tag =
        ByteBuffer.wrap(VdiName.toField(cut(snapshot.tag()), NameAndTag.NAME_SIZE))
            .order(ByteOrder.LITTLE_ENDIAN);
    in.vdis().write(ObjectId.inode(frozen), InodeHeader.TAG_OFFSET, tag, 0);
    VdiId working =
        in.vdis()
            .create(
                name,
                new RequestFields.Vdi(
                    inode.size(),
                    frozen.value(),
                    inode.copies(),
                    inode.copyPolicy(),
                    0,
                    inode.blockSizeShift(),
                    RequestFields.Vdi.SNAPSHOT,
                    0));
    if (in.options().verbose()) {
      in.console().print(render(working, frozen, in.options().raw()));
    }
    return ExitStatus.SUCCESS;
  }

  private static void checkTagIsFree(Vdis vdis, String name, Snapshot snapshot) throws Failure {
    Reply reply = vdis.lookup(name, snapshot);
    if (reply.success() && !snapshot.tag().isEmpty()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "Failed to create snapshot for "
              + name
              + ", maybe snapshot id (0) or tag ("
              + snapshot.tag()
              + ") is existed");
    }
    if (!reply.success() && !reply.is(ResultCode.NO_TAG)) {
      throw new Failure(
          ExitStatus.FAILURE, "Failed to create snapshot for " + name + ": " + reply.text());
    }
  }

  private static String cut(String tag) {
    return tag.length() < NameAndTag.NAME_SIZE ? tag : tag.substring(0, NameAndTag.NAME_SIZE - 1);
  }

  static String render(VdiId working, VdiId frozen, boolean raw) {
    String newId = Values.vdi(working.value());
    String oldId = Values.vdi(frozen.value());
    return raw
        ? newId + " " + oldId + "\n"
        : "new VID of original VDI: "
            + newId
            + ", VDI ID of newly created snapshot: "
            + oldId
            + "\n";
  }
}
