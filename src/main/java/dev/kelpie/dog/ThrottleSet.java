package dev.kelpie.dog;

import dev.kelpie.config.Numbers;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryThrottling;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/// `dog node recovery set-throttle` (spec/cli.md §5.3). Its errors come without the usage text.
final class ThrottleSet implements Command {
  private static final long MAX = 0xffff_ffffL;

  @Override
  public int run(Invocation in) throws Failure {
    String max = in.nextArgument().orElse("(null)");
    String interval = in.nextArgument().orElse("(null)");
    if (interval.equals("(null)")) {
      throw wrong("Invalid interval max (" + max + "), interval (" + interval + ")");
    }
    OptionalLong objects = Numbers.parse(max, 0, MAX);
    if (objects.isEmpty()) {
      throw wrong("Invalid max (" + max + ")");
    }
    OptionalLong millis = Numbers.parse(interval, 0, Long.MAX_VALUE);
    if (millis.isEmpty()) {
      throw wrong("Invalid interval (" + interval + ")");
    }
    boolean limits = objects.getAsLong() != 0;
    if (limits != (millis.getAsLong() != 0)) {
      throw wrong("Invalid interval max (" + max + "), interval (" + interval + ")");
    }
    ByteBuffer payload = SheepClient.allocate(RecoveryThrottling.SIZE);
    new RecoveryThrottling((int) objects.getAsLong(), millis.getAsLong(), limits).encode(payload);
    Settings.call(in, Opcode.SET_RECOVERY, payload.flip());
    return ExitStatus.SUCCESS;
  }

  private static Failure wrong(String line) {
    return new Failure(ExitStatus.USAGE, line);
  }
}
