package dev.kelpie.dog;

import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.RequestFields;

/// `dog vdi rollback` (spec/cli.md §4.5), which the sheep carries out in one step. The VDI keeps
/// the snapshot's redundancy, as in release 1.0.1.
final class VdiRollback implements Command {
  private static final String QUESTION =
      "This operation discards any changes made since the previous\n"
          + "snapshot was taken.  Continue? [yes/no]: ";

  @Override
  public int run(Invocation in) throws Failure, WrongUsage, NotConfirmed, MalformedPayload {
    Options options = in.options();
    String name = in.nextArgument().orElseThrow();
    if (options.snapshot().none()) {
      throw new WrongUsage("Please specify the '-s' option");
    }
    InodeHeader snapshot = in.vdis().open(name, options.snapshot());
    if (!options.has('f')) {
      in.console().confirm(QUESTION);
    }
    VdiId working =
        in.vdis()
            .create(
                name,
                new RequestFields.Vdi(
                    snapshot.size(),
                    snapshot.vdi(),
                    snapshot.copies(),
                    snapshot.copyPolicy(),
                    snapshot.storePolicy(),
                    snapshot.blockSizeShift(),
                    RequestFields.Vdi.ROLLBACK,
                    0));
    if (options.verbose()) {
      String id = Values.vdi(working.value());
      in.console().printLine(options.raw() ? id : "New VDI ID of rollbacked VDI: " + id);
    }
    return ExitStatus.SUCCESS;
  }
}
