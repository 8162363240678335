package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RequestFields;
import java.util.List;

/// `dog node recovery` (spec/cli.md §5.3).
final class RecoveryInfo implements Command {
  private static final String HEADER =
      "Nodes In Recovery:\n  Id   Host:Port         V-Nodes       Zone       Progress\n";
  private static final long POLL_MILLIS = 1000;
  private static final int PREPARING = 0;
  private static final int NOTIFYING = 2;
  private static final float PERCENT = 100;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    if (in.options().has('P')) {
      return watch(in);
    }
    boolean raw = in.options().raw();
    in.console().print(raw ? "" : HEADER);
    List<Node> nodes = in.members().nodes();
    for (int id = 0; id < nodes.size(); id++) {
      Node node = nodes.get(id);
      Reply reply = ask(in.sheep(node.id().address()));
      if (!reply.success()) {
        throw new Failure(ExitStatus.FAILURE, reply.text());
      }
      RecoveryState state = RecoveryState.decode(reply.data());
      if (state.inRecovery()) {
        in.console().print(render(id, node, state, raw));
      }
    }
    return ExitStatus.SUCCESS;
  }

  private static Reply ask(SheepClient sheep) throws Failure {
    return sheep.call(Opcode.STAT_RECOVERY, 0, RecoveryState.SIZE, RequestFields.NONE);
  }

  /// The line of a node that is in recovery.
  static String render(int id, Node node, RecoveryState state, boolean raw) {
    String address = node.id().address().toString();
    String zone = Integer.toUnsignedString(node.zone());
    if (raw) {
      return id
          + " "
          + address
          + " "
          + node.vnodes()
          + " "
          + zone
          + " "
          + state.finished()
          + " "
          + state.total()
          + "\n";
    }
    // In single precision, as the original counts.
    float percent = state.total() == 0 ? 0 : PERCENT * state.finished() / state.total();
    return Values.right(id, 4)
        + "   "
        + Values.left(address, 20)
        + Values.right(node.vnodes(), 5)
        + Values.right(zone, 11)
        + Values.right(Values.decimal(percent, 1), 11)
        + "%\n";
  }

  private static int watch(Invocation in) throws Failure, MalformedPayload {
    RecoveryState state = poll(in);
    while (state.inRecovery()) {
      if (state.state() == PREPARING) {
        in.console().print("\rpreparing a checked object list...");
      } else if (state.state() == NOTIFYING) {
        in.console().print("\rnotifying a completion of recovery...");
      } else {
        Progress.ofCounts(in.console(), state.total()).at(state.finished());
      }
      in.console().flush();
      Pause.millis(POLL_MILLIS);
      state = poll(in);
    }
    return ExitStatus.SUCCESS;
  }

  private static RecoveryState poll(Invocation in) throws Failure, MalformedPayload {
    Reply reply;
    try {
      reply = ask(in.sheep());
    } catch (LostConnection e) {
      throw e.and("Failed to execute request");
    }
    if (!reply.success()) {
      throw new Failure(ExitStatus.SYSTEM, reply.text());
    }
    return RecoveryState.decode(reply.data());
  }
}
