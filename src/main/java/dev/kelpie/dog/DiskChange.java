package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// `dog node md plug` and `unplug` (spec/cli.md §5.4). The answer comes when the disks are in use,
/// or empty.
final class DiskChange implements Command {
  private final Opcode opcode;
  private final String caution;

  private DiskChange(Opcode opcode, String caution) {
    this.opcode = opcode;
    this.caution = caution;
  }

  static DiskChange plug() {
    return new DiskChange(Opcode.MD_PLUG, "Caution! The directories to be plugged will be purged.");
  }

  static DiskChange unplug() {
    return new DiskChange(
        Opcode.MD_UNPLUG, "Caution! Recovery will be triggered after unplugging.");
  }

  @Override
  public int run(Invocation in) throws Failure, NotConfirmed {
    String paths = in.nextArgument().orElseThrow();
    if (!in.options().has('f')) {
      Caution.confirm(in, caution);
    }
    ByteBuffer payload = ByteBuffer.wrap((paths + '\0').getBytes(StandardCharsets.ISO_8859_1));
    RequestHeader request =
        RequestHeader.of(opcode, RequestFlags.WRITE, payload.remaining(), RequestFields.NONE);
    if (!in.sheep().call(request, payload).success()) {
      throw new Failure(
          ExitStatus.FAILURE, "Failed to execute request, look for sheep.log for more information");
    }
    return ExitStatus.SUCCESS;
  }
}
