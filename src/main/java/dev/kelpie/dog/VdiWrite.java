package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.RequestFlags;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// `dog vdi write` (spec/cli.md §4.13), one request for each object that is touched. Where standard
/// input ends early, the rest of the object, or of what was asked for in it, becomes zeros, and
/// nothing behind it is written: so the original does it, and so empty input writes one object of
/// zeros.
final class VdiWrite implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    Span asked = Span.parse(in);
    InodeHeader inode = in.vdis().open(name, Snapshot.NONE);
    Span span = asked.within(inode.size(), "Write");
    int flags = in.options().has('w') ? RequestFlags.CACHE : 0;
    ObjectWriter writer =
        new ObjectWriter(in.sheep(), new VdiId(inode.vdi()), in.vdis().map(inode), flags);
    try {
      copy(in.console(), span, writer);
    } catch (ObjectWriter.Unwritten e) {
      throw e.and("Failed to write VDI");
    }
    return ExitStatus.SUCCESS;
  }

  private static void copy(Console console, Span span, ObjectWriter writer) throws Failure {
    ByteBuffer chunk = ByteBuffer.allocateDirect(ObjectId.DATA_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    long at = span.offset();
    boolean more = true;
    while (more && at < span.end()) {
      int offset = (int) (at % ObjectId.DATA_SIZE);
      int length = (int) Math.min(span.end() - at, ObjectId.DATA_SIZE - offset);
      chunk.clear().limit(length);
      more = console.read(chunk) == length;
      while (chunk.hasRemaining()) {
        chunk.put((byte) 0);
      }
      writer.write((int) (at / ObjectId.DATA_SIZE), offset, chunk.flip());
      at += length;
    }
    writer.finish();
  }
}
