package dev.kelpie.dog;

import dev.kelpie.dog.BackupFormat.Part;
import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import java.nio.ByteBuffer;

/// `dog vdi backup` (spec/cli.md §4.15). Objects that both snapshots share are not read.
final class VdiBackup implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    Options options = in.options();
    if (options.snapshot().none() || options.from().none()) {
      throw new WrongUsage("Please specify snapshots with '-F' and '-s' options");
    }
    ObjectMap older = map(in, name, options.from());
    ObjectMap newer = map(in, name, options.snapshot());
    write(in, BackupFormat.header(), "backup header");
    for (int i = 0; i < newer.count(); i++) {
      if (newer.owner(i) != older.owner(i)) {
        backUp(in, older, newer, i);
      }
    }
    write(in, Part.LAST.encode(), "end marker");
    return ExitStatus.SUCCESS;
  }

  private static ObjectMap map(Invocation in, String name, Snapshot which)
      throws Failure, MalformedPayload {
    return in.vdis().map(in.vdis().open(name, which));
  }

  private static void backUp(Invocation in, ObjectMap older, ObjectMap newer, int index)
      throws Failure {
    ByteBuffer data = read(in, newer, index);
    Part part = BackupFormat.difference(index, read(in, older, index), data);
    if (part.length() > 0) {
      write(in, part.encode(), "backup data");
      write(in, data.slice(part.offset(), part.length()), "backup data");
    }
  }

  /// A whole object; zeros where there is none.
  private static ByteBuffer read(Invocation in, ObjectMap map, int index) throws Failure {
    if (map.owner(index) == 0) {
      return SheepClient.allocate(ObjectId.DATA_SIZE);
    }
    RequestFields fields = RequestFields.Obj.at(map.object(index), 0);
    Reply reply = in.sheep().call(Opcode.READ_OBJ, 0, ObjectId.DATA_SIZE, fields);
    if (!reply.success() || reply.data().remaining() != ObjectId.DATA_SIZE) {
      throw new Failure(
          ExitStatus.FAILURE,
          "Failed to read object " + Values.vdi(map.owner(index)) + ", " + index);
    }
    return reply.data();
  }

  private static void write(Invocation in, ByteBuffer bytes, String what) throws Failure {
    try {
      in.console().write(bytes);
    } catch (Failure e) {
      String why = String.join(" ", e.lines()).replace("Failed to write to stdout: ", "");
      throw new Failure(ExitStatus.SYSTEM, "failed to write " + what + ", " + why);
    }
  }
}
