package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What every sheep knows of a VDI, in the answer to GET_VDI_COPIES, as release 0.9 lays it out
/// (spec §1.7).
///
/// @param lockState one of [#UNLOCKED], [#LOCKED], [#SHARED]
/// @param owner of a lock that is not shared
/// @param participants of one that is, at most 31
public record VdiState(
    int vdi,
    int copies,
    boolean snapshot,
    int copyPolicy,
    int lockState,
    NodeId owner,
    List<Participant> participants) {
  /// Bytes on the wire.
  public static final int SIZE = 1420;

  /// How many nodes may share a lock.
  public static final int PARTICIPANTS_MAX = 31;

  /// Nobody has locked it.
  public static final int UNLOCKED = 1;

  /// One node has.
  public static final int LOCKED = 2;

  /// Several nodes share it.
  public static final int SHARED = 3;

  private static final int STATES = 56;
  private static final int IDS = 180;

  /// A node that shares a lock.
  ///
  /// @param state one of [#MODIFIED], [#SHARED], [#INVALIDATED]
  public record Participant(int state, NodeId node) {
    /// It has the newest inode and wrote it.
    public static final int MODIFIED = 1;

    /// It has the newest inode.
    public static final int SHARED = 2;

    /// It has to read the inode again.
    public static final int INVALIDATED = 3;
  }

  public VdiState {
    participants = List.copyOf(participants);
    if (participants.size() > PARTICIPANTS_MAX) {
      throw new IllegalArgumentException(participants.size() + " nodes share a lock");
    }
  }

  /// Reads one.
  public static VdiState decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "VDI state");
    int count = from.i32(52);
    if (count < 0 || count > PARTICIPANTS_MAX) {
      throw new MalformedPayload(
          "a VDI state with " + Integer.toUnsignedLong(count) + " participants");
    }
    List<Participant> participants = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      participants.add(
          new Participant(
              from.i32(STATES + i * Integer.BYTES), NodeId.decode(from, IDS + i * NodeId.SIZE)));
    }
    return new VdiState(
        from.i32(0),
        from.u8(4),
        from.u8(5) != 0,
        from.u8(6),
        from.i32(8),
        NodeId.decode(from, 12),
        participants);
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i32(0, vdi);
    to.u8(4, copies);
    to.u8(5, snapshot ? 1 : 0);
    to.u8(6, copyPolicy);
    to.i32(8, lockState);
    owner.encode(to, 12);
    to.i32(52, participants.size());
    for (int i = 0; i < participants.size(); i++) {
      to.i32(STATES + i * Integer.BYTES, participants.get(i).state());
      participants.get(i).node().encode(to, IDS + i * NodeId.SIZE);
    }
  }
}
