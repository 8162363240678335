package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.VdiState;
import java.util.List;

/// `dog vdi lock list` (spec/cli.md §4.18).
final class LockList implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    in.console().print(render(VdiStates.named(in)));
    return ExitStatus.SUCCESS;
  }

  static String render(List<VdiStates.Named> vdis) {
    StringBuilder text = new StringBuilder("VDI | owner node\n");
    for (VdiStates.Named vdi : vdis) {
      VdiState state = vdi.state();
      if (state.lockState() == VdiState.LOCKED) {
        text.append(vdi.name()).append(" | ");
        text.append(state.owner().address().longForm()).append('\n');
      } else if (state.lockState() == VdiState.SHARED) {
        text.append(vdi.name()).append(" |");
        for (VdiState.Participant participant : state.participants()) {
          text.append(' ').append(participant.node().address().longForm());
          text.append('(').append(name(participant.state())).append(')');
        }
        text.append('\n');
      }
    }
    return text.toString();
  }

  /// What the state of a participant is called.
  static String name(int state) {
    return switch (state) {
      case VdiState.Participant.MODIFIED -> "modified";
      case VdiState.Participant.SHARED -> "shared";
      case VdiState.Participant.INVALIDATED -> "invalidated";
      default -> "unknown " + state;
    };
  }
}
