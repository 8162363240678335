package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.VdiState;
import java.util.Optional;

/// `dog vdi lock unlock` (spec/cli.md §4.18). Of several VDIs of the name, which are snapshots and
/// the disk that goes on, the one that is locked is meant; the original takes the first, which is
/// not locked once there are snapshots.
final class LockUnlock implements Command {
  private static final int NORMAL = 0;
  private static final int SHARED = 1;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    VdiState state = find(in, name);
    if (state.lockState() == VdiState.UNLOCKED) {
      throw new Failure(ExitStatus.SYSTEM, "VDI: " + name + " is not locked");
    }
    int type = state.lockState() == VdiState.SHARED ? SHARED : NORMAL;
    RequestFields fields = new RequestFields.Vdi(0, state.vdi(), 0, 0, 0, 0, 0, type);
    return in.sheep().lightCall(in.console(), Opcode.RELEASE_VDI, fields)
        ? ExitStatus.SUCCESS
        : ExitStatus.FAILURE;
  }

  private static VdiState find(Invocation in, String name) throws Failure, MalformedPayload {
    Optional<VdiState> found = Optional.empty();
    for (VdiStates.Named vdi : VdiStates.named(in)) {
      boolean locked = vdi.state().lockState() != VdiState.UNLOCKED;
      if (vdi.name().equals(name) && (found.isEmpty() || locked)) {
        found = Optional.of(vdi.state());
      }
    }
    return found.orElseThrow(() -> new Failure(ExitStatus.SYSTEM, "VDI: " + name + " not found"));
  }
}
