package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;

/// `dog cluster alter-copy` (spec/cli.md §6.6). `-f` is from release 1.0.1.
final class ClusterAlterCopy implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, NotConfirmed, MalformedPayload {
    int copies = AlterCopy.copies(in, "cluster");
    Epochs epochs = Epochs.fetch(in);
    if (!epochs.reply().success() || epochs.logs().isEmpty()) {
      throw AlterCopy.refused("Response's result: " + epochs.reply().text());
    }
    EpochLog now = epochs.logs().getFirst();
    if (now.copyPolicy() != 0) {
      throw AlterCopy.refused(
          "The cluster's copy policy is erasure code, changing it is not supported yet.");
    }
    if (now.copies() == copies) {
      throw AlterCopy.refused(
          "The cluster's redundancy level is already set to " + copies + ", nothing changed.");
    }
    AlterCopy.confirm(
        in,
        "Caution! Changing cluster's redundancy level will affect",
        "all the VDIs to be created later.");
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, copies, 0, 0, 0, 0, 0);
    if (!in.sheep().lightCall(in.console(), Opcode.ALTER_CLUSTER_COPY, fields)) {
      throw AlterCopy.refused("Changing the cluster's redundancy level failure.");
    }
    in.console()
        .error(
            "The cluster's redundancy level is set to "
                + copies
                + ", the old one was "
                + now.copies()
                + ".");
    return ExitStatus.SUCCESS;
  }
}
