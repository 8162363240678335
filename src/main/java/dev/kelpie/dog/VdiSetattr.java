package dev.kelpie.dog;

import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// `dog vdi setattr` (spec/cli.md §4.11). A value ends at its first NUL; one that is too long is
/// refused, where the original cuts it.
final class VdiSetattr implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage {
    String name = in.nextArgument().orElseThrow();
    String key =
        in.nextArgument().orElseThrow(() -> new WrongUsage("Please specify the attribute key"));
    boolean delete = in.options().has('d');
    byte[] value = delete ? new byte[0] : value(in);
    Reply reply = new AttributeClient(in.sheep()).ask(name, key, value, flags(in.options()));
    if (reply.success()) {
      return ExitStatus.SUCCESS;
    }
    if (reply.is(ResultCode.VDI_EXIST)) {
      throw new Failure(ExitStatus.EXISTS, "The attribute '" + key + "' already exists");
    }
    throw AttributeClient.missing(reply, key, unset(reply.text()));
  }

  private static int flags(Options options) {
    if (options.has('d')) {
      return RequestFlags.ATTR_DELETE;
    }
    return RequestFlags.ATTR_CREATE | (options.has('x') ? RequestFlags.ATTR_EXCLUSIVE : 0);
  }

  /// The third argument, or all of standard input.
  private static byte[] value(Invocation in) throws Failure {
    Optional<String> argument = in.nextArgument();
    byte[] value;
    if (argument.isPresent()) {
      value = argument.get().getBytes(StandardCharsets.ISO_8859_1);
    } else {
      ByteBuffer room = ByteBuffer.allocate(Attribute.VALUE_MAX + 1);
      try {
        value = Arrays.copyOf(room.array(), in.console().read(room));
      } catch (Failure e) {
        throw unreadable(e);
      }
    }
    int end = 0;
    while (end < value.length && value[end] != 0) {
      end++;
    }
    if (end > Attribute.VALUE_MAX) {
      throw unset("the value has more than " + Attribute.VALUE_MAX + " bytes");
    }
    return Arrays.copyOf(value, end);
  }

  private static Failure unreadable(Failure e) {
    String why = String.join(" ", e.lines()).replace("Failed to read from stdin: ", "");
    return new Failure(ExitStatus.SYSTEM, "Failed to read attribute value from stdin: " + why);
  }

  private static Failure unset(String why) {
    return new Failure(ExitStatus.FAILURE, "Failed to set attribute: " + why);
  }
}
