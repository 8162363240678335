package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Redundancy;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;

/// `dog vdi create` (spec/cli.md §4.1).
final class VdiCreate implements Command {
  /// The largest VDI with an array of object owners.
  static final long SIZE_MAX = (long) InodeHeader.MAP_ENTRIES * ObjectId.DATA_SIZE;

  /// The largest hyper volume.
  private static final long HYPER_SIZE_MAX = SIZE_MAX << 12;

  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    Options options = in.options();
    String name = in.nextArgument().orElseThrow();
    long size = size(in);
    Redundancy redundancy = options.redundancy();
    VdiId vdi =
        in.vdis()
            .create(
                name,
                new RequestFields.Vdi(
                    size,
                    0,
                    redundancy.copies(),
                    redundancy.policy(),
                    options.has('y') ? 1 : 0,
                    0,
                    RequestFields.Vdi.CREATE,
                    0));
    if (options.has('P')) {
      preallocate(in, name, vdi);
    }
    if (options.verbose()) {
      String id = Values.vdi(vdi.value());
      in.console().printLine(options.raw() ? id : "VDI ID of newly created VDI: " + id);
    }
    return ExitStatus.SUCCESS;
  }

  private static long size(Invocation in) throws WrongUsage {
    long size = in.nextSize().orElseThrow(() -> new WrongUsage("Please specify the VDI size"));
    boolean raw = in.options().raw();
    if (size > SIZE_MAX && !in.options().has('y')) {
      throw new WrongUsage(
          "VDI size is larger than "
              + Values.size(SIZE_MAX, raw)
              + " bytes, please use '-y' to create a hyper volume with size up to "
              + Values.size(HYPER_SIZE_MAX, raw)
              + " bytes");
    }
    if (Long.compareUnsigned(size, HYPER_SIZE_MAX) > 0) {
      throw new WrongUsage("VDI size is too large");
    }
    return size;
  }

  private static void preallocate(Invocation in, String name, VdiId vdi)
      throws Failure, MalformedPayload {
    ObjectMap map;
    InodeHeader inode;
    try {
      inode = in.vdis().open(name, Snapshot.NONE);
      map = in.vdis().map(inode);
    } catch (Failure e) {
      throw e.and("Failed to read a newly created VDI object");
    }
    ObjectWriter writer = new ObjectWriter(in.sheep(), vdi, map, RequestFlags.DIRECT);
    Progress progress = new Progress(in.console(), inode.size());
    for (int i = 0; i < map.count(); i++) {
      progress.at((long) i * ObjectId.DATA_SIZE);
      writer.write(i, 0, SheepClient.allocate(0));
    }
    writer.finish();
    progress.at(inode.size());
  }
}
