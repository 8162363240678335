package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/// `dog vdi object dump-inode` (spec/cli.md §4.9): shows a file that holds an inode as clients read
/// it, such as one of the original's store. Asks no sheep.
final class DumpInode implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    ByteBuffer bytes =
        read(LocalFiles.path(name, ExitStatus.FAILURE, "failed to open inode object file"));
    in.console().print(renderHeader(InodeHeader.decode(bytes.duplicate().order(bytes.order()))));
    in.console().print(renderMaps(bytes));
    return ExitStatus.SUCCESS;
  }

  private static ByteBuffer read(Path path) throws Failure {
    ByteBuffer bytes = SheepClient.allocate(ObjectId.INODE_SIZE);
    try (SeekableByteChannel file = open(path)) {
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {
        // until it is full
      }
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.FAILURE, "failed to read inode object file: " + SystemText.of(e));
    }
    if (bytes.hasRemaining()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "failed to read inode object file: it has "
              + bytes.position()
              + " bytes, an inode has "
              + ObjectId.INODE_SIZE);
    }
    return bytes.flip();
  }

  private static SeekableByteChannel open(Path path) throws Failure {
    try {
      return Files.newByteChannel(path);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.FAILURE, "failed to open inode object file: " + SystemText.of(e));
    }
  }

  static String renderHeader(InodeHeader inode) {
    StringBuilder text = new StringBuilder();
    field(text, "name", inode.name());
    field(text, "tag", inode.tag());
    field(text, "create_time", Long.toHexString(inode.createTime()));
    field(text, "snap_ctime", Long.toHexString(inode.snapTime()));
    field(text, "vm_clock_nsec", Long.toHexString(inode.vmClock()));
    field(text, "copy_policy", Integer.toString(inode.copyPolicy()));
    field(text, "store_policy", Integer.toString(inode.storePolicy()));
    field(text, "nr_copies", Integer.toString(inode.copies()));
    field(text, "block_size_shift", Integer.toString(inode.blockSizeShift()));
    field(text, "snap_id", Integer.toUnsignedString(inode.snapId()));
    field(text, "vdi_id", Integer.toHexString(inode.vdi()));
    field(text, "parent_vdi_id", Integer.toHexString(inode.parent()));
    field(text, "btree_counter", Integer.toUnsignedString(inode.btreeCounter()));
    return text.toString();
  }

  private static void field(StringBuilder text, String name, String value) {
    text.append(name).append(": ").append(value).append('\n');
  }

  /// Owners are decimal in the first list and hexadecimal in the second, as in release 0.9.5.
  static String renderMaps(ByteBuffer inode) {
    StringBuilder owners = new StringBuilder("data_vdi_id:\n");
    StringBuilder references = new StringBuilder("gref:\n");
    for (int i = 0; i < InodeHeader.MAP_ENTRIES; i++) {
      int owner = inode.getInt(InodeHeader.MAP_OFFSET + i * Integer.BYTES);
      if (owner != 0) {
        int reference = InodeHeader.REFERENCES_OFFSET + i * 2 * Integer.BYTES;
        owners.append(i).append(": ").append(Integer.toUnsignedString(owner)).append('\n');
        references.append(i).append(": ").append(Integer.toHexString(owner)).append(", ");
        references.append(inode.getInt(reference)).append(", ");
        references.append(inode.getInt(reference + Integer.BYTES)).append('\n');
      }
    }
    return owners.append(references).toString();
  }
}
