package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.testing.MemoryCluster.Fate;
import dev.kelpie.vdi.VdiAnswer.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The directory, changed by more than one node.
final class DirectoryOfManyTest {
  private final TestCluster cluster;
  private final TestCluster.Node a;
  private final TestCluster.Node b;

  DirectoryOfManyTest() throws IOException {
    cluster = new TestCluster(2);
    a = cluster.nodes.get(0);
    b = cluster.nodes.get(1);
  }

  @AfterEach
  void end() throws IOException {
    cluster.close();
  }

  @Test
  void whatOneNodeMadeAllNodesSeeAtOnce() throws IOException {
    VdiId vdi = found(a.create("vm1"));
    assertEquals(vdi, found(b.catalog.lookup(new VdiName("vm1"), "", 0)));
    assertEquals(a.states(), b.states());
    assertTrue(b.catalog.inUse().get(vdi.value()));
    assertEquals(Reason.VDI_EXIST, refused(b.create("vm1")));
    found(a.catalog.delete(new VdiName("vm1"), "", 0));
    assertEquals(List.of(), b.states());
    assertEquals(Optional.empty(), b.catalog.state(vdi));
  }

  @Test
  void ofTwoCreatesOfOneNameOneWins() throws IOException {
    AtomicInteger others = new AtomicInteger();
    a.handle.beforeNext(
        Keys.LEASE,
        () -> {
          found(unchecked(() -> b.create("vm1")));
          others.incrementAndGet();
        });
    assertEquals(Reason.VDI_EXIST, refused(a.create("vm1")));
    assertEquals(1, others.get(), "the other create came between");
    assertEquals(1, a.states().size());
    assertInodesAreWhole();
  }

  @Test
  void twoCreatesWhoseIdsWouldBeTheSameBothSucceed() throws IOException {
    List<String> names = namesOfOneSlot();
    a.handle.beforeNext(Keys.LEASE, () -> found(unchecked(() -> b.create(names.getFirst()))));
    VdiId second = found(a.create(names.getLast()));
    VdiId first = found(a.catalog.lookup(new VdiName(names.getFirst()), "", 0));
    assertEquals(first.value() + 1, second.value());
    assertEquals(2, b.states().size());
    assertInodesAreWhole();
  }

  @Test
  void anIdIsNotUsedAgainThatCameAndWentMeanwhile() throws IOException {
    List<String> names = namesOfOneSlot();
    a.handle.beforeNext(
        Keys.LEASE,
        () -> {
          found(unchecked(() -> b.create(names.getFirst())));
          unchecked(() -> b.catalog.delete(new VdiName(names.getFirst()), "", 0));
          assertTrue(b.catalog.awaitFreed(java.time.Duration.ofSeconds(30)));
        });
    VdiId made = found(a.create(names.getLast()));
    assertNotEquals(SheepHash.vdiSlot(new VdiName(names.getLast()).bytes()), made.value());
    assertEquals(2, a.catalog.inUse().cardinality());
  }

  @Test
  void aCloneOfASnapshotThatGoesMeanwhileIsRefused() throws IOException {
    VdiName name = new VdiName("vm1");
    VdiId snapshot = found(a.create("vm1"));
    found(a.catalog.snapshot(name, snapshot, shape(0)));
    a.handle.beforeNext(Keys.VDI, () -> found(unchecked(() -> a.catalog.delete(name, "", 1))));
    VdiAnswer answer = a.catalog.clone(new VdiName("vm2"), snapshot, shape(TestNode.MIB));
    assertEquals(Reason.NO_BASE_VDI, refused(answer));
    assertEquals(1, b.states().size());
  }

  @Test
  void aCommitInDoubtIsFoundOut() throws IOException {
    for (Fate fate : List.of(Fate.MADE_IN_DOUBT, Fate.LOST_IN_DOUBT)) {
      AtomicInteger doubts = new AtomicInteger();
      a.handle.fates(changes -> {
        boolean making = changes.stream().anyMatch(put -> put.key().startsWith(Keys.VDI));
        return making && doubts.getAndIncrement() == 0 ? fate : Fate.ANSWERED;
      });
      VdiId vdi = found(a.create("vm-" + fate));
      assertEquals(fate == Fate.MADE_IN_DOUBT ? 1 : 2, doubts.get());
      assertEquals(vdi, found(b.catalog.lookup(new VdiName("vm-" + fate), "", 0)));
    }
    assertInodesAreWhole();
  }

  @Test
  void aCommitThatStaysInDoubtIsAnsweredSo() throws IOException {
    a.handle.fates(_ -> Fate.DEATH_AFTER);
    assertThrows(IOException.class, () -> a.create("vm1"));
    assertEquals(List.of(), a.handle.isDead() ? List.of() : a.states());
  }

  @Test
  void whereNothingHasChangedALookIsOneRead() throws IOException {
    for (int i = 0; i < 100; i++) {
      found(a.create("vm" + i));
    }
    b.states();
    long before = b.handle.reads();
    for (int i = 0; i < 100; i++) {
      b.catalog.lookup(new VdiName("vm" + i), "", 0);
    }
    long lookups = b.handle.reads() - before;
    assertTrue(lookups <= 110, "100 lookups, with what was told late, read " + lookups + " times");
    found(a.create("one-more"));
    b.states();
    long afterOne = b.handle.reads() - before - lookups;
    assertTrue(afterOne <= 20, "for one new VDI it was read " + afterOne + " times");
  }

  @Test
  void whoMissedManyCommitsReadsAll() throws IOException {
    b.states();
    for (int i = 0; i < 50; i++) {
      found(a.create("vm" + i));
    }
    found(a.catalog.delete(new VdiName("vm7"), "", 0));
    assertEquals(a.states(), b.states());
    assertEquals(49, b.states().size());
    a.catalog.wipe(new Coordination.Check("cluster", 0));
    assertEquals(List.of(), b.states());
    assertEquals(0, b.catalog.inUse().cardinality());
    found(b.create("vm1"));
    assertEquals(1, a.states().size());
  }

  /// Each VDI's inode says what its record says.
  private void assertInodesAreWhole() throws IOException {
    for (VdiDirectory.State state : a.states()) {
      byte[] inode =
          cluster.store.bytes(dev.kelpie.model.ObjectId.inode(state.vdi())).orElseThrow();
      InodeHeader header = InodeHeader.decode(inode);
      assertEquals(state.name().value(), header.name());
      assertEquals(state.vdi().value(), header.vdi());
    }
  }

  /// Two names with the same hash.
  private static List<String> namesOfOneSlot() {
    Map<Integer, String> bySlot = new HashMap<>();
    for (int i = 0; ; i++) {
      String name = "c" + i;
      String other = bySlot.put(SheepHash.vdiSlot(new VdiName(name).bytes()), name);
      if (other != null) {
        return List.of(other, name);
      }
    }
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
