package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.zookeeper.CommitSlots.Slot;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.SetDataRequest;
import org.junit.jupiter.api.Test;

/// What is done to a slot's znode, which stands here as its version and value.
final class CommitSlotsTest {
  private final CommitSlots slots = new CommitSlots("/c/1-", List.of());
  private int version = -1;
  private byte[] value = {};

  @Test
  void aCommitThatWasMadeCannotBeWithdrawn() {
    Slot slot = slots.take();
    for (int i = 0; i < 3; i++) {
      assertEquals(Code.OK, apply(slot.commit()));
      assertTrue(Slot.isOvertaken(apply(slot.withdraw())));
      assertTrue(slot.isCommitted(value));
      slot.step();
    }
  }

  @Test
  void aCommitThatWasWithdrawnCannotBeMade() {
    Slot slot = slots.take();
    for (int i = 0; i < 3; i++) {
      Op late = slot.commit();
      assertEquals(Code.OK, apply(slot.withdraw()));
      assertTrue(Slot.isOvertaken(apply(late)));
      assertTrue(Slot.isOvertaken(apply(slot.withdraw())), "the answer may be lost again");
      assertFalse(slot.isCommitted(value));
      slot.step();
      assertTrue(Slot.isOvertaken(apply(late)), "also later");
    }
  }

  @Test
  void oneCommitAtATimeHasASlot() {
    Slot one = slots.take();
    Slot two = slots.take();
    assertNotEquals(one.znode(), two.znode());
    one.leave();
    assertSame(one, slots.take());
    assertNotEquals(two.znode(), slots.take().znode());
  }

  /// What ZooKeeper does.
  private Code apply(Op step) {
    if (step.getType() == ZooDefs.OpCode.create) {
      if (version >= 0) {
        return Code.NODEEXISTS;
      }
      value = ((CreateRequest) step.toRequestRecord()).getData();
    } else {
      var change = (SetDataRequest) step.toRequestRecord();
      if (change.getVersion() != version) {
        return Code.BADVERSION;
      }
      value = change.getData();
    }
    version++;
    return Code.OK;
  }
}
