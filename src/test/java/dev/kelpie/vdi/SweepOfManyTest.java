package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.found;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.MemoryCluster.Fate;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The freeing of space, and the bringing in line of inodes, by more than one node (I23).
final class SweepOfManyTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final TestCluster cluster;
  private final TestCluster.Node a;
  private final TestCluster.Node b;
  private final VdiId vdi;

  SweepOfManyTest() throws IOException {
    cluster = new TestCluster(2);
    a = cluster.nodes.get(0);
    b = cluster.nodes.get(1);
    vdi = found(a.create("vm1"));
    write(a, "vm1", 1);
  }

  @AfterEach
  void end() throws IOException {
    cluster.close();
  }

  @Test
  void whatADeadNodeDeletedAnyNodeFrees() throws IOException {
    a.handle.fates(changes ->
        changes.stream().anyMatch(put -> put.key().equals(Keys.vdi(vdi)))
            ? Fate.DEATH_AFTER
            : Fate.ANSWERED);
    assertThrows(IOException.class, () -> a.delete("vm1", 0));
    assertTrue(cluster.store.objects().contains(ObjectId.data(vdi, 0)));
    TestCluster.Node next = cluster.start("n2");
    assertTrue(next.catalog.awaitFreed(LIMIT));
    assertEquals(List.of(), cluster.store.objects());
    assertEquals(List.of(), cluster.records.list(Keys.VDI));
    assertTrue(b.catalog.inUse().get(vdi.value()));
  }

  @Test
  void whoHasDeletedAVdiFreesItAlone() throws IOException {
    try (Faults.Hang hang =
        cluster.store.faults().hang(StoreCall.REMOVE, ObjectId.data(vdi, 0)::equals)) {
      found(a.delete("vm1", 0));
      hang.awaitArrived(1);
      TestCluster.Node next = cluster.start("n2");
      assertTrue(next.catalog.awaitFreed(LIMIT), "it has nothing to do");
      assertTrue(cluster.store.objects().contains(ObjectId.data(vdi, 0)));
    }
    assertTrue(a.catalog.awaitFreed(LIMIT));
    assertEquals(List.of(), cluster.store.objects());
  }

  @Test
  void twoThatFreeTheSameDoNoHarm() throws IOException {
    VdiId second = found(a.snapshot("vm1"));
    try (Faults.Hang hang =
        cluster.store.faults().hang(StoreCall.REMOVE, ObjectId.inode(vdi)::equals)) {
      found(a.delete("vm1", 1));
      hang.awaitArrived(1);
      cluster.takeForDead("n0");
      TestCluster.Node next = cluster.start("n2");
      hang.awaitArrived(2);
      assertFalse(next.catalog.awaitFreed(Duration.ofMillis(1)));
    }
    TestCluster.Node next = cluster.nodes.getLast();
    assertTrue(next.catalog.awaitFreed(LIMIT));
    try (BlockDevice device = next.open("vm1")) {
      ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES);
      device.read(0, bytes, Patience.WAIT);
      assertEquals(1, bytes.getInt(0), "what the deleted snapshot shares with the disk");
    }
    write(next, "vm1", 2);
    found(next.delete("vm1", 0));
    assertTrue(next.catalog.awaitFreed(LIMIT));
    assertEquals(List.of(), cluster.store.objects());
    assertTrue(b.catalog.inUse().get(second.value()));
  }

  @Test
  void whatADiskOfAnotherNodeNeedsStays() throws IOException {
    found(a.snapshot("vm1"));
    VdiId clone = found(b.catalog.clone(new VdiName("vm2"), vdi, TestNode.shape(TestNode.MIB)));
    try (BlockDevice device = b.open("vm2")) {
      found(a.delete("vm1", 0));
      found(a.delete("vm1", 1));
      assertTrue(a.catalog.awaitFreed(LIMIT));
      ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES);
      device.read(0, bytes, Patience.WAIT);
      assertEquals(1, bytes.getInt(0));
      device.write(0, ByteBuffer.allocate(512), Durability.DEFERRED, Patience.WAIT);
      device.flush();
    }
    assertTrue(a.catalog.awaitFreed(LIMIT), "the last who needed it has let it drop");
    assertEquals(List.of(ObjectId.data(clone, 0), ObjectId.inode(clone)), cluster.store.objects());
  }

  @Test
  void anInodeThatADeadNodeLeftBehindIsBroughtInLine() throws IOException {
    a.handle.fates(changes ->
        changes.stream().anyMatch(put -> put.key().startsWith(Keys.BEHIND))
            ? Fate.DEATH_AFTER
            : Fate.ANSWERED);
    assertThrows(IOException.class, () -> a.snapshot("vm1"));
    assertEquals(0, storedHeader().snapTime());
    TestCluster.Node next = cluster.start("n2");
    assertTrue(storedHeader().snapTime() != 0);
    found(next.snapshot("vm1"));
    assertEquals(3, b.states().size());
  }

  @Test
  void anInodeThatALivingNodeIsBringingInLineIsLeftToIt() throws Exception {
    Thread snapshot;
    try (Faults.Hang hang =
        cluster.store.faults().hang(StoreCall.WRITE, ObjectId.inode(vdi)::equals)) {
      snapshot = Thread.ofVirtual().start(() -> found(unchecked()));
      hang.awaitArrived(1);
      cluster.start("n2");
      assertEquals(2, b.states().size());
    }
    assertTrue(snapshot.join(LIMIT));
    assertTrue(storedHeader().snapTime() != 0);
  }

  private VdiAnswer unchecked() {
    try {
      return a.snapshot("vm1");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private InodeHeader storedHeader() {
    return InodeHeader.decode(cluster.store.bytes(ObjectId.inode(vdi)).orElseThrow());
  }

  private static void write(TestCluster.Node node, String name, int value) throws IOException {
    try (BlockDevice device = node.open(name)) {
      ByteBuffer bytes = ByteBuffer.allocate(512).putInt(0, value);
      device.write(0, bytes, Durability.DEFERRED, Patience.WAIT);
      device.flush();
    }
  }
}
