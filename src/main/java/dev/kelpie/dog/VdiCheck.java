package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;

/// `dog vdi check` (spec/cli.md §4.14). An object that cannot be read is reported, and the rest is
/// checked all the same; the original stops there.
final class VdiCheck implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    OpenVdi vdi = OpenVdi.of(in);
    return in.options().has('e') ? exist(in, vdi) : check(in, vdi);
  }

  private static int exist(Invocation in, OpenVdi vdi) throws Failure, MalformedPayload {
    InodeHeader inode = vdi.inode();
    int lost = new ObjectCheck(in, vdi).missing(inode.copies());
    in.console()
        .printLine(
            inode.name()
                + (lost == 0
                    ? " is fine, no object is missing."
                    : " lost " + lost + " object(s)."));
    return lost == 0 ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }

  /// Checks the objects of a VDI, and says so at the end if all could be read.
  static int check(Invocation in, OpenVdi vdi) throws Failure, MalformedPayload {
    if (vdi.inode().copyPolicy() != 0) {
      throw new Failure(
          ExitStatus.FAILURE,
          "ABORT: Not enough active zones for consistency-checking erasure coded VDI");
    }
    if (!new ObjectCheck(in, vdi).compare(vdi.inode().copies())) {
      return ExitStatus.FAILURE;
    }
    in.console().printLine("finish check&repair " + vdi.inode().name());
    return ExitStatus.SUCCESS;
  }
}
