package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;

/// `dog vdi clone` (spec/cli.md §4.3). With `-n` or `-P` the clone gets objects of its own, which
/// the sheep copies by itself; with `-P` also where the source has none.
final class VdiClone implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    Options options = in.options();
    String source = in.nextArgument().orElseThrow();
    String name =
        in.nextArgument()
            .orElseThrow(() -> new WrongUsage("Destination VDI name must be specified"));
    if (options.snapshot().none()) {
      throw new WrongUsage("Only snapshot VDIs can be cloned", "Please specify the '-s' option");
    }
    Vdis vdis = in.vdis();
    InodeHeader parent = vdis.open(source, options.snapshot());
    boolean unshared = options.has('n');
    VdiId clone =
        vdis.create(
            name,
            new RequestFields.Vdi(
                parent.size(),
                unshared ? 0 : parent.vdi(),
                parent.copies(),
                parent.copyPolicy(),
                parent.storePolicy(),
                parent.blockSizeShift(),
                RequestFields.Vdi.CREATE,
                0));
    if (unshared || options.has('P')) {
      copyObjects(in, vdis.map(parent), parent.size(), clone);
    }
    if (options.verbose()) {
      String id = Values.vdi(clone.value());
      in.console().printLine(options.raw() ? id : "VDI ID of newly created clone: " + id);
    }
    return ExitStatus.SUCCESS;
  }

  private static void copyObjects(Invocation in, ObjectMap parent, long size, VdiId clone)
      throws Failure {
    ObjectMap own = new ObjectMap(SheepClient.allocate(parent.count() * Integer.BYTES));
    ObjectWriter writer = new ObjectWriter(in.sheep(), clone, own, RequestFlags.DIRECT);
    Progress progress = new Progress(in.console(), size);
    for (int i = 0; i < parent.count(); i++) {
      progress.at((long) i * ObjectId.DATA_SIZE);
      if (parent.owner(i) != 0) {
        writer.copy(i, parent.object(i));
      } else if (in.options().has('P')) {
        writer.write(i, 0, SheepClient.allocate(0));
      }
    }
    writer.finish();
    progress.at(size);
  }
}
