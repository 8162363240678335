package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;

/// `dog vdi delete` (spec/cli.md §4.4). The sheep gives back the space by itself, so that a look-up
/// and one request are all.
///
/// What does not exist counts as deleted: the message goes to stderr and the exit status is 0, on
/// which Cinder relies. The original answers 0 whatever happens; here a refusal, such as for a VDI
/// that is in use, gives 1 and a lost connection 2, because a script that is told "done" goes on to
/// use the name.
final class VdiDelete implements Command {
  @Override
  public int run(Invocation in) throws Failure {
    Vdis vdis = in.vdis();
    String name = in.nextArgument().orElseThrow();
    Snapshot which = in.options().snapshot();
    Reply found = vdis.lookup(name, which);
    if (!found.success()) {
      throw new Failure(statusOf(found), Vdis.notFound(name, which, found));
    }
    Reply deleted = vdis.named(Opcode.DEL_VDI, name, which);
    if (!deleted.success()) {
      throw new Failure(statusOf(deleted), "Failed to delete " + name + ": " + deleted.text());
    }
    return ExitStatus.SUCCESS;
  }

  private static int statusOf(Reply refusal) {
    boolean missing = refusal.is(ResultCode.NO_VDI) || refusal.is(ResultCode.NO_TAG);
    return missing ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }
}
