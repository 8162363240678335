package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.nio.ByteBuffer;

/// `dog vdi resize` (spec/cli.md §4.12). Only the size is written: the original writes the whole
/// header back, and with it whatever else was changed in between.
final class VdiResize implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    long size =
        in.nextSize().orElseThrow(() -> new WrongUsage("Please specify the new size for the VDI"));
    InodeHeader inode = in.vdis().open(name, Snapshot.NONE);
    if (size > VdiCreate.SIZE_MAX) {
      throw new WrongUsage("New VDI size is too large");
    }
    if (size < inode.size()) {
      throw new WrongUsage("Shrinking VDIs is not implemented");
    }
    ByteBuffer bytes = SheepClient.allocate(Long.BYTES).putLong(size).flip();
    try {
      in.vdis().write(ObjectId.inode(new VdiId(inode.vdi())), InodeHeader.SIZE_OFFSET, bytes, 0);
    } catch (Failure e) {
      throw e.and("Failed to update an inode header");
    }
    return ExitStatus.SUCCESS;
  }
}
