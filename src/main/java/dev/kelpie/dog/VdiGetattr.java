package dev.kelpie.dog;

import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.MalformedPayload;
import java.nio.ByteBuffer;

/// `dog vdi getattr` (spec/cli.md §4.11): the bytes of the value, and nothing else.
final class VdiGetattr implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    String key =
        in.nextArgument().orElseThrow(() -> new WrongUsage("Please specify the attribute key"));
    AttributeClient attributes = new AttributeClient(in.sheep());
    Reply found = attributes.ask(name, key, new byte[0], 0);
    if (!found.success()) {
      Failure other =
          new Failure(ExitStatus.MISSING, "Failed to find attribute oid: " + found.text());
      throw AttributeClient.missing(found, key, other);
    }
    Reply read = attributes.read(found);
    if (!read.success()) {
      throw new Failure(ExitStatus.SYSTEM, "Failed to read attribute oid: " + read.text());
    }
    in.console().write(ByteBuffer.wrap(Attribute.decode(read.data()).value()));
    return ExitStatus.SUCCESS;
  }
}
