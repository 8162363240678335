package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.util.ArrayList;
import java.util.List;

/// What the sheep know about all VDIs, in the order of their ids.
final class VdiStates {
  private static final int ROOM_MIN = 1 << 20;
  private static final int ROOM_MAX = 1 << 30;

  private VdiStates() {}

  /// A VDI with its state.
  record Named(String name, VdiState state) {}

  /// Asks for all of them.
  static List<VdiState> fetch(SheepClient sheep) throws Failure, MalformedPayload {
    int room = ROOM_MIN;
    Reply reply = ask(sheep, room);
    while (reply.is(ResultCode.BUFFER_SMALL) && room < ROOM_MAX) {
      room *= 2;
      reply = ask(sheep, room);
    }
    if (!reply.success()) {
      throw new Failure(ExitStatus.SYSTEM, "Failed to get VDI state: " + reply.text());
    }
    List<VdiState> states = new ArrayList<>();
    while (reply.data().hasRemaining()) {
      states.add(VdiState.decode(reply.data()));
    }
    states.sort((a, b) -> Integer.compare(a.vdi(), b.vdi()));
    return states;
  }

  /// All of them with their names; those that are deleted are left out.
  static List<Named> named(Invocation in) throws Failure, MalformedPayload {
    List<VdiState> states = fetch(in.sheep());
    int[] vids = new int[states.size()];
    for (int i = 0; i < vids.length; i++) {
      vids[i] = states.get(i).vdi();
    }
    List<InodeHeader> inodes = new VdiScan(in).of(vids);
    List<Named> named = new ArrayList<>();
    int next = 0;
    for (InodeHeader inode : inodes) {
      while (states.get(next).vdi() != inode.vdi()) {
        next++;
      }
      named.add(new Named(inode.name(), states.get(next)));
    }
    return named;
  }

  private static Reply ask(SheepClient sheep, int room) throws Failure {
    return sheep.call(Opcode.GET_VDI_COPIES, 0, room, RequestFields.NONE);
  }
}
