package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.Redundancy;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.util.ArrayList;
import java.util.List;

/// `dog cluster info` (spec/cli.md §6.1). The state of the cluster is the result of the request,
/// and every state is a success of the command.
final class ClusterStatus implements Command {
  /// Room for node names in each epoch at first; doubled until the sheep is content.
  private static final int SLOTS_MIN = 16;

  /// Bytes of all epochs together; the oldest ones are left out where they would be more.
  private static final int ROOM_MAX = 64 << 20;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    Members members = in.members();
    int slots = SLOTS_MIN;
    while (slots < members.nodes().size()) {
      slots *= 2;
    }
    Reply reply = ask(in, members.epoch(), slots);
    while (reply.is(ResultCode.BUFFER_SMALL) && slots < Node.COUNT_MAX) {
      slots = Math.min(2 * slots, Node.COUNT_MAX);
      reply = ask(in, members.epoch(), slots);
    }
    List<EpochLog> logs = new ArrayList<>();
    while (reply.data().remaining() >= EpochLog.size(slots)) {
      logs.add(EpochLog.decode(reply.data(), slots));
    }
    in.console().print(render(reply, logs, in.options().raw(), in.options().verbose()));
    return ExitStatus.SUCCESS;
  }

  private static Reply ask(Invocation in, int epoch, int slots) throws Failure {
    long wanted = Math.max(1, Integer.toUnsignedLong(epoch));
    int count = (int) Math.min(wanted, ROOM_MAX / EpochLog.size(slots));
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, 0, 0, 0, 0, slots, 0);
    return in.sheep().call(Opcode.STAT_CLUSTER, 0, count * EpochLog.size(slots), fields);
  }

  /// @param logs newest first; empty where the cluster is not formatted
  static String render(Reply reply, List<EpochLog> logs, boolean raw, boolean verbose) {
    String state = state(reply, logs);
    StringBuilder text = new StringBuilder(raw ? "" : "Cluster status: ").append(state);
    text.append('\n');
    if (verbose) {
      text.append(raw ? "" : "Cluster store: ");
      text.append(reply.success() && !logs.isEmpty() ? store(logs.getFirst()) : state);
      // No line feed behind the mode: the next one ends it (spec/cli.md §11.7).
      text.append('\n').append(raw ? "" : "Cluster vnode mode: ").append("node");
    }
    if (!logs.isEmpty()) {
      if (!raw) {
        long created = Times.seconds(logs.getFirst().createTime());
        text.append("\nCluster created at ").append(Times.at(created).ctime());
        text.append("\n\nEpoch Time           Version\n");
      }
      for (EpochLog log : logs) {
        epoch(text, log, raw);
      }
    }
    return text.toString();
  }

  private static String state(Reply reply, List<EpochLog> logs) {
    if (!reply.success()) {
      return reply.text();
    }
    boolean disabled = !logs.isEmpty() && logs.getFirst().recoveryDisabled();
    return "running, auto-recovery " + (disabled ? "disabled" : "enabled");
  }

  private static String store(EpochLog log) {
    Redundancy redundancy = new Redundancy(log.copies(), log.copyPolicy());
    return log.store() + " with " + redundancy + " redundancy policy";
  }

  private static void epoch(StringBuilder text, EpochLog log, boolean raw) {
    String number = Integer.toUnsignedString(log.epoch());
    if (raw) {
      text.append(log.time()).append(' ').append(number);
    } else {
      Times time = Times.at(log.time());
      text.append(time.date()).append(' ').append(time.seconds()).append(' ');
      text.append(Values.right(number, 6));
    }
    text.append(" [");
    boolean first = true;
    for (Node node : log.nodes()) {
      text.append(first ? "" : ", ").append(node.id().address());
      first = false;
    }
    text.append("]\n");
  }
}
