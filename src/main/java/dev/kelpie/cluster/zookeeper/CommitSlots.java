package dev.kelpie.cluster.zookeeper;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.data.ACL;

/// How a session finds out whether a commit was made whose answer was lost.
///
/// Each commit that is under way has a slot to itself: an ephemeral znode of the session, which the
/// commit changes together with the records, from one version to the next. Whoever lost the answer
/// tries to change the slot from the same version to the next. Only one of the two can be done: if
/// it is the second one, the commit was not made and never will be, wherever it got stuck. If it is
/// refused, the slot's value says whether it was the commit that came first, or an earlier try to
/// find out.
///
/// With the session the slots go, and the commits that were under way stay in doubt.
final class CommitSlots {
  /// A commit has changed the slot.
  private static final byte[] COMMIT = {1};

  /// Who asks has.
  private static final byte[] VOID = {0};

  /// Versions are 32 bits; a slot is left before they run out.
  private static final int VERSION_MAX = 1 << 30;

  private final String path;
  private final List<ACL> acl;
  private final ConcurrentLinkedDeque<Slot> free = new ConcurrentLinkedDeque<>();
  private final AtomicInteger made = new AtomicInteger();

  /// @param path what the slots' znodes begin with
  CommitSlots(String path, List<ACL> acl) {
    this.path = path;
    this.acl = acl;
  }

  /// A slot for one commit. It is given back by [Slot#leave] where the outcome is known, and else
  /// never used again.
  Slot take() {
    Slot slot = free.pollFirst();
    return slot != null ? slot : new Slot(path + made.incrementAndGet());
  }

  /// A znode that one commit at a time uses.
  final class Slot {
    private static final int NONE = -1;

    private final String znode;
    private int version = NONE;

    private Slot(String znode) {
      this.znode = znode;
    }

    String znode() {
      return znode;
    }

    /// What a commit has to do besides its own changes.
    Op commit() {
      return step(COMMIT);
    }

    /// What shows that a commit was not made, and keeps it from being made later. Refused with
    /// [#isOvertaken] where something was done to the slot before.
    Op withdraw() {
      return step(VOID);
    }

    private Op step(byte[] value) {
      return version == NONE
          ? Op.create(znode, value, acl, CreateMode.EPHEMERAL)
          : Op.setData(znode, value, version);
    }

    /// Whether a step was refused since another one was done before.
    static boolean isOvertaken(Code code) {
      return code == Code.NODEEXISTS || code == Code.BADVERSION;
    }

    /// Whether the step that was done first was the commit, as the slot's value says.
    boolean isCommitted(byte[] value) {
      return Arrays.equals(value, COMMIT);
    }

    /// One step was done, by the commit or by who asked: the slot can be used again.
    void step() {
      version++;
      leave();
    }

    /// Nothing was done: the slot can be used again.
    void leave() {
      if (version < VERSION_MAX) {
        free.addFirst(this);
      }
    }
  }
}
