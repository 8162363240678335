package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog cluster recover force` (spec/cli.md §6.4). Programs compare the last line of the question
/// only.
final class RecoverForce implements Command {
  private static final String QUESTION =
      """
      Caution! Objects that only missing nodes have are lost for good.
      Start every node in the usual way first, and wait for them.

      This is for a cluster that does not come up by itself because
        * the node with the newest epoch cannot be started any more, or
        * nodes that were there at the last shutdown are gone.

      Are you sure you want to continue? [yes/no]:\
      """
          + " ";

  @Override
  public int run(Invocation in) throws Failure, NotConfirmed {
    if (!in.options().has('f')) {
      in.console().confirm(QUESTION);
    }
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, 0, 0, 0, 0, 0, 0);
    Reply reply = in.sheep().call(Opcode.FORCE_RECOVER, 0, Node.COUNT_MAX * Node.SIZE, fields);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "failed to execute request, " + reply.text());
    }
    return ExitStatus.SUCCESS;
  }
}
