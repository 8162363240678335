package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiDirectory.Lock;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Locks of clients, and the copies that operators alter.
final class ClientLocksTest {
  private static final VdiName VM = new VdiName("vm1");

  private final TestNode node;
  private final VdiId vdi;

  ClientLocksTest() throws IOException {
    node = TestNode.start();
    vdi = node.create("vm1", TestNode.MIB);
  }

  @AfterEach
  void end() throws IOException {
    node.close();
  }

  private Lock lock(VdiId of) throws IOException {
    return node.catalog.state(of).orElseThrow().lock();
  }

  @Test
  void whoComesSecondIsRefused() throws IOException {
    assertEquals(Lock.NONE, lock(vdi));
    assertEquals(vdi, found(node.catalog.lock(VM, "", 0, Lock.NORMAL)));
    assertEquals(Lock.NORMAL, lock(vdi));
    for (Lock wanted : new Lock[] {Lock.NORMAL, Lock.SHARED}) {
      assertEquals(Reason.VDI_LOCKED, refused(node.catalog.lock(VM, "", 0, wanted)));
    }
    node.catalog.unlock(vdi);
    assertEquals(Lock.NONE, lock(vdi));
    assertEquals(vdi, found(node.catalog.lock(VM, "", 0, Lock.SHARED)));
    assertEquals(Reason.VDI_LOCKED, refused(node.catalog.lock(VM, "", 0, Lock.SHARED)));
    assertEquals(
        Reason.NO_VDI, refused(node.catalog.lock(new VdiName("gone"), "", 0, Lock.NORMAL)));
  }

  @Test
  void aLockGoesAlongWithSnapshotsAndRollbacks() throws IOException {
    node.catalog.lock(VM, "", 0, Lock.NORMAL);
    VdiId second = node.snapshot("vm1");
    assertEquals(Lock.NONE, lock(vdi));
    assertEquals(Lock.NORMAL, lock(second));
    VdiId third = found(node.catalog.rollback(VM, vdi, shape(TestNode.MIB)));
    assertEquals(Lock.NORMAL, lock(third));
    assertEquals(Reason.VDI_LOCKED, refused(node.catalog.lock(VM, "", 0, Lock.NORMAL)));
  }

  @Test
  void aLockEndsWithItsVdi() throws IOException {
    node.catalog.lock(VM, "", 0, Lock.NORMAL);
    node.delete("vm1");
    VdiId next = node.create("vm1", TestNode.MIB);
    assertEquals(next, found(node.catalog.lock(VM, "", 0, Lock.NORMAL)));
    node.catalog.wipe(new Coordination.Check("cluster", 0));
    VdiId anew = node.create("vm1", TestNode.MIB);
    assertEquals(anew, found(node.catalog.lock(VM, "", 0, Lock.NORMAL)));
  }

  @Test
  void copiesAreAlteredInTheRecordAndTheInodeAndStaySo() throws IOException {
    assertEquals(vdi, found(node.catalog.alterCopies(vdi, 3)));
    assertEquals(3, node.header(vdi).copies());
    assertEquals(3, node.catalog.state(vdi).orElseThrow().copies());
    VdiId next = node.snapshot("vm1");
    assertEquals(3, node.header(next).copies());
    try (TestNode after = node.restarted()) {
      assertEquals(3, after.header(vdi).copies());
      assertEquals(3, after.catalog.state(vdi).orElseThrow().copies());
    }
  }

  @Test
  void copiesThatCannotBeAreRefused() throws IOException {
    assertEquals(Reason.INVALID_PARMS, refused(node.catalog.alterCopies(vdi, 0)));
    assertEquals(Reason.INVALID_PARMS, refused(node.catalog.alterCopies(vdi, 32)));
    assertEquals(Reason.NO_VDI, refused(node.catalog.alterCopies(new VdiId(5), 1)));
  }
}
