package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// `dog upgrade object-location` (spec/cli.md §7.1): where the original's algorithm puts the first
/// copy of an object, by one of its epoch files: the member records, and 8 bytes of time. Asks no
/// sheep.
final class UpgradeLocation implements Command {
  private static final int TIME_SIZE = 8;

  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    OptionalLong oid = Options.hex(in.nextArgument().orElse(""));
    if (oid.isEmpty()) {
      throw new WrongUsage("please specify object id in hex format");
    }
    List<Node> members = Node.decodeAll(read(name));
    List<Node> holders = new Ring(members).holders(new ObjectId(oid.getAsLong()), 1);
    if (holders.isEmpty()) {
      throw new Failure(ExitStatus.SYSTEM, "no node of " + name + " stores objects");
    }
    in.console().error(holders.getFirst().id().address().longForm());
    return ExitStatus.SUCCESS;
  }

  private static ByteBuffer read(String name) throws Failure {
    Path path = LocalFiles.path(name, ExitStatus.SYSTEM, "failed to open " + name);
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
      return bytes.limit(Math.max(0, bytes.limit() - TIME_SIZE));
    } catch (IOException e) {
      throw new Failure(ExitStatus.SYSTEM, "failed to open " + name + ": " + SystemText.of(e));
    }
  }
}
