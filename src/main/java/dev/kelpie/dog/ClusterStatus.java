package dev.kelpie.dog;

import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Redundancy;
import java.util.List;

/// `dog cluster info` (spec/cli.md §6.1). The state of the cluster is the result of the request,
/// and every state is a success of the command.
final class ClusterStatus implements Command {
  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    Epochs epochs = Epochs.fetch(in);
    if (in.options().json()) {
      in.console().print(json(epochs.reply(), epochs.logs()));
      return ExitStatus.SUCCESS;
    }
    boolean verbose = in.options().verbose();
    in.console().print(render(epochs.reply(), epochs.logs(), in.options().raw(), verbose));
    return ExitStatus.SUCCESS;
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

  /// What is known only of a cluster that is formatted is left out of another.
  static String json(Reply reply, List<EpochLog> logs) {
    Json json = new Json().open('{').field("running", reply.success());
    json.field("state", reply.success() ? "running" : reply.text());
    if (!logs.isEmpty()) {
      EpochLog now = logs.getFirst();
      json.field("auto_recovery", !now.recoveryDisabled());
      json.field("created", Times.seconds(now.createTime())).field("store", now.store());
      json.field("redundancy", new Redundancy(now.copies(), now.copyPolicy()).toString());
    }
    json.open("epochs", '[');
    for (EpochLog log : logs) {
      json.open('{').field("epoch", Integer.toUnsignedLong(log.epoch()));
      json.field("time", log.time()).open("nodes", '[');
      for (Node node : log.nodes()) {
        json.element(node.id().address().toString());
      }
      json.close(']').close('}');
    }
    return json.close(']').close('}').document();
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
