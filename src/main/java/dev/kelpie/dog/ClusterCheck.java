package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.util.List;

/// `dog cluster check` (spec/cli.md §6.5). Where an object cannot be read the exit status is 1; the
/// original stops there with the same.
final class ClusterCheck implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    int worst = ExitStatus.SUCCESS;
    for (InodeHeader inode : scan(in)) {
      in.console().printLine(title(inode));
      worst = Math.max(worst, VdiCheck.check(in, OpenVdi.of(in, inode)));
    }
    return worst;
  }

  private static List<InodeHeader> scan(Invocation in) throws Failure {
    try {
      return new VdiScan(in).all();
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM);
    }
  }

  private static String title(InodeHeader inode) {
    return inode.snapshot()
        ? "fix snapshot "
            + inode.name()
            + " (id: "
            + Integer.toUnsignedString(inode.snapId())
            + ", tag: \""
            + inode.tag()
            + "\")"
        : "fix vdi " + inode.name();
  }
}
