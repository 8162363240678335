package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryThrottling;

/// `dog node recovery get-throttle` (spec/cli.md §5.3). The answer goes to standard error, as in
/// the original.
final class ThrottleGet implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    RecoveryThrottling now =
        RecoveryThrottling.decode(Settings.ask(in, Opcode.GET_RECOVERY, RecoveryThrottling.SIZE));
    String max = Integer.toUnsignedString(now.max());
    in.console()
        .error("max (" + max + "), interval (" + Long.toUnsignedString(now.interval()) + ")");
    return ExitStatus.SUCCESS;
  }
}
