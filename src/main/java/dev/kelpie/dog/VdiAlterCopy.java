package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog vdi alter-copy` (spec/cli.md §4.17). The sheep writes the number into the inode by itself.
/// `-f` is from release 1.0.1.
final class VdiAlterCopy implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, NotConfirmed, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    int copies = AlterCopy.copies(in, "vdi");
    InodeHeader inode = open(in, name);
    check(in, name, inode, copies);
    AlterCopy.confirm(
        in,
        "Caution! Changing VDI's redundancy level will affect",
        "the VDI itself only and trigger recovery.");
    RequestFields fields = new RequestFields.VdiStateChange(0, inode.vdi(), copies, 0, 0, 0);
    if (!in.sheep().lightCall(in.console(), Opcode.ALTER_VDI_COPY, fields)) {
      throw AlterCopy.refused("Changing " + name + "'s redundancy level failure.");
    }
    in.console()
        .error(
            name
                + "'s redundancy level is set to "
                + copies
                + ", the old one was "
                + inode.copies()
                + ".");
    return ExitStatus.SUCCESS;
  }

  private static InodeHeader open(Invocation in, String name) throws Failure, MalformedPayload {
    try {
      return in.vdis().open(name, Snapshot.NONE);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("Reading " + name + "'s vdi object failure.");
    }
  }

  private static void check(Invocation in, String name, InodeHeader inode, int copies)
      throws Failure {
    if (inode.copyPolicy() != 0) {
      throw AlterCopy.refused(
          name + "'s copy policy is erasure code, changing it is not supported yet.");
    }
    if (inode.copies() == copies) {
      throw AlterCopy.refused(
          name + "'s redundancy level is already set to " + copies + ", nothing changed.");
    }
    boolean alone = inode.parent() == 0;
    for (InodeHeader other : new VdiScan(in).all()) {
      alone &= other.parent() != inode.vdi();
    }
    if (!alone) {
      throw new Failure(
          ExitStatus.FAILURE,
          "Only standalone vdi supports changing redundancy level.",
          "Please clone " + name + " with -n (--no-share) option first.");
    }
  }
}
