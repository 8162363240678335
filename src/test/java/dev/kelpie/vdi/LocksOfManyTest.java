package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiDirectory.Lock;
import dev.kelpie.vdi.VdiDirectory.Locker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Locks of clients of several nodes.
final class LocksOfManyTest {
  private static final VdiName VM = new VdiName("vm1");

  private final TestCluster cluster;
  private final TestCluster.Node a;
  private final TestCluster.Node b;
  private final VdiId vdi;

  LocksOfManyTest() throws IOException {
    cluster = new TestCluster(3);
    a = cluster.nodes.get(0);
    b = cluster.nodes.get(1);
    vdi = found(a.create("vm1"));
  }

  @AfterEach
  void end() throws IOException {
    cluster.close();
  }

  @Test
  void whatOneNodeHasLockedTheOthersCannotLock() throws IOException {
    found(a.catalog.lock(VM, "", 0, Lock.NORMAL));
    assertEquals(Reason.VDI_LOCKED, refused(b.catalog.lock(VM, "", 0, Lock.NORMAL)));
    assertEquals(Reason.VDI_LOCKED, refused(b.catalog.lock(VM, "", 0, Lock.SHARED)));
    VdiDirectory.State seen = b.catalog.state(vdi).orElseThrow();
    assertEquals(Lock.NORMAL, seen.lock());
    assertEquals(List.of(new Locker("n0", false)), seen.lockers());
    assertEquals(List.of(new Locker("n0", true)), a.states().getFirst().lockers());
    b.catalog.unlock(vdi);
    assertEquals(Lock.NONE, a.catalog.state(vdi).orElseThrow().lock());
    found(b.catalog.lock(VM, "", 0, Lock.NORMAL));
  }

  @Test
  void ofTwoWhoLockAtOnceOneIsRefused() throws IOException {
    a.handle.beforeNext(Keys.LOCK, () -> found(unchecked(() -> lock(b))));
    assertEquals(Reason.VDI_LOCKED, refused(lock(a)));
  }

  @Test
  void aLockGoesAlongWithASnapshotThatIsTakenMeanwhile() throws IOException {
    a.handle.beforeNext(Keys.LOCK, () -> found(unchecked(() -> b.snapshot("vm1"))));
    VdiId second = found(lock(a));
    assertEquals(second, found(b.catalog.lookup(VM, "", 0)), "the one that goes on is locked");
    VdiId third = found(b.snapshot("vm1"));
    assertEquals(Lock.NORMAL, a.catalog.state(third).orElseThrow().lock());
    assertEquals(1, cluster.records.list(Keys.LOCK).size());
    VdiId fourth = found(a.catalog.rollback(VM, vdi, shape(TestNode.MIB)));
    assertEquals(Lock.NORMAL, b.catalog.state(fourth).orElseThrow().lock());
    found(b.delete("vm1", 0));
    assertEquals(List.of(), cluster.records.list(Keys.LOCK));
  }

  @Test
  void aLockThatIsTakenDuringADeletionIsRefusedOrGoesWithIt() throws IOException {
    b.handle.beforeNext(Keys.VDI, () -> found(unchecked(() -> lock(a))));
    found(b.delete("vm1", 0));
    assertEquals(List.of(), cluster.records.list(Keys.LOCK));
    assertEquals(Reason.NO_VDI, refused(lock(a)));
  }

  @Test
  void theLockOfADeadNodeStaysUntilItIsFreedOrTheNodeIsBack() throws IOException {
    found(lock(a));
    a.handle.die();
    assertEquals(Reason.VDI_LOCKED, refused(lock(b)));
    b.catalog.unlock(vdi);
    found(lock(b));
    b.handle.die();
    a.close();
    b.close();
    TestCluster.Node again = cluster.start("n1");
    assertEquals(Lock.NONE, again.catalog.state(vdi).orElseThrow().lock());
  }

  @Test
  void nodesShareALock() throws IOException {
    TestCluster.Node c = cluster.nodes.get(2);
    found(a.catalog.lock(VM, "", 0, Lock.SHARED));
    found(b.catalog.lock(VM, "", 0, Lock.SHARED));
    assertEquals(Reason.VDI_LOCKED, refused(b.catalog.lock(VM, "", 0, Lock.SHARED)));
    assertEquals(Reason.VDI_LOCKED, refused(c.catalog.lock(VM, "", 0, Lock.NORMAL)));
    a.handle.die();
    found(c.catalog.lock(VM, "", 0, Lock.SHARED));
    assertEquals(
        List.of(new Locker("n1", false), new Locker("n2", true)),
        c.catalog.state(vdi).orElseThrow().lockers());
    b.catalog.unlock(vdi);
    c.catalog.unlock(vdi);
    assertEquals(Lock.NONE, b.catalog.state(vdi).orElseThrow().lock());
  }

  private static VdiAnswer lock(TestCluster.Node node) throws IOException {
    return node.catalog.lock(VM, "", 0, Lock.NORMAL);
  }

  private static VdiAnswer unchecked(Call call) {
    try {
      return call.make();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Call {
    VdiAnswer make() throws IOException;
  }
}
