package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.VdiState;
import java.util.List;

/// `dog vdi lock list` (spec/cli.md §4.18).
final class LockList implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    List<VdiStates.Named> vdis = VdiStates.named(in);
    in.console().print(in.options().json() ? json(vdis) : render(vdis));
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

  static String json(List<VdiStates.Named> vdis) {
    Json json = new Json().open('[');
    for (VdiStates.Named vdi : vdis) {
      VdiState state = vdi.state();
      if (state.lockState() != VdiState.UNLOCKED) {
        boolean shared = state.lockState() == VdiState.SHARED;
        json.open('{').field("name", vdi.name()).field("vdi", Values.vdi(state.vdi()));
        json.field("type", shared ? "shared" : "normal").open("owners", '[');
        if (!shared) {
          json.open('{').field("node", state.owner().address().toString()).close('}');
        }
        for (VdiState.Participant participant : state.participants()) {
          json.open('{').field("node", participant.node().address().toString());
          json.field("state", name(participant.state())).close('}');
        }
        json.close(']').close('}');
      }
    }
    return json.close(']').document();
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
