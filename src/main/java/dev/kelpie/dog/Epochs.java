package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.util.ArrayList;
import java.util.List;

/// The state of the cluster and its member lists.
///
/// @param reply whose result is the state
/// @param logs newest first; empty where the cluster is not formatted
record Epochs(Reply reply, List<EpochLog> logs) {
  /// Room for node names in each epoch at first; doubled until the sheep is content.
  private static final int SLOTS_MIN = 16;

  /// Bytes of all epochs together; the oldest ones are left out where they would be more.
  private static final int ROOM_MAX = 64 << 20;

  /// Asks a sheep for all of them.
  static Epochs fetch(Invocation in) throws Failure, MalformedPayload {
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
    return new Epochs(reply, logs);
  }

  private static Reply ask(Invocation in, int epoch, int slots) throws Failure {
    long wanted = Math.max(1, Integer.toUnsignedLong(epoch));
    int count = (int) Math.min(wanted, ROOM_MAX / EpochLog.size(slots));
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, 0, 0, 0, 0, slots, 0);
    return in.sheep().call(Opcode.STAT_CLUSTER, 0, count * EpochLog.size(slots), fields);
  }
}
