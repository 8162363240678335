package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

final class DeletionTest {
  private static final int OBJECTS = 6;

  @Test
  void i23OfAThreeGenerationsChainNothingStaysInWhateverOrderItGoes() throws IOException {
    for (List<Integer> order : permutations(List.of(0, 1, 2, 3))) {
      try (TestNode node = TestNode.start()) {
        node.create("vm", OBJECTS * OBJECT);
        for (int generation = 1; generation <= 3; generation++) {
          write(node, "vm", generation - 1, generation);
          write(node, "vm", 5, generation);
          node.snapshot("vm");
        }
        for (int which : order) {
          if (which == 0) {
            node.delete("vm");
          } else {
            node.delete("vm", which);
          }
          StoreCheck.check(node, order + " after " + which);
        }
        assertEquals(List.of(), node.store.objects(), order.toString());
      }
    }
  }

  @RepeatedTest(3)
  void i23OfARandomTreeNothingStays(RepetitionInfo info) throws IOException {
    RandomGenerator chance = Seeds.generator("DeletionTest " + info.getCurrentRepetition());
    TestNode node = TestNode.start();
    node.create("vm0", OBJECTS * OBJECT);
    Map<VdiId, byte[]> contents = new TreeMap<>();
    for (int i = 0; i < 40; i++) {
      node = step(node, chance, i, contents);
      check(node, contents, "step " + i);
    }
    while (!node.catalog.states().isEmpty()) {
      List<VdiDirectory.State> states = node.catalog.states();
      delete(node, states.get(chance.nextInt(states.size())));
      contents.keySet().retainAll(ids(node));
      check(node, contents, "end");
    }
    assertEquals(List.of(), node.store.objects());
    node.close();
  }

  @Test
  void i18ANewVdiOfTheSameNameShowsNoOldByte() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.create("vm", OBJECTS * OBJECT);
      write(node, "vm", 0, 1);
      node.delete("vm");
      node.create("vm", OBJECTS * OBJECT);
      assertArrayEquals(new byte[(int) (OBJECTS * OBJECT)], node.bytes("vm", Optional.empty()));
      write(node, "vm", 1, 2);
      node.awaitFreed();
      StoreCheck.check(node, "created anew");
    }
  }

  @Test
  void objectsThatNobodyNeedsAnyMoreAreFreedWhenTheyFallOutOfTheLastMap() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId base = node.create("vm", OBJECTS * OBJECT);
      write(node, "vm", 0, 1);
      write(node, "vm", 1, 2);
      node.snapshot("vm");
      node.delete("vm", 1);
      StoreCheck.check(node, "deleted");
      assertEquals(2, node.dataObjects(base).size());
      write(node, "vm", 0, 3);
      StoreCheck.check(node, "copied on write");
      assertEquals(List.of(ObjectId.data(base, 1)), node.dataObjects(base));
      try (BlockDevice device = node.open("vm")) {
        device.trim(OBJECT, OBJECT, Durability.DEFERRED);
      }
      StoreCheck.check(node, "trimmed");
      assertEquals(List.of(), node.dataObjects(base));
      assertFalse(node.leases.has(base), "nothing is left of it");
    }
  }

  @Test
  void i5AnObjectIsFreedOnlyWhenItsLastEntryIsDurablyAnother() throws IOException {
    TestNode node = TestNode.start();
    node.create("vm", OBJECTS * OBJECT);
    write(node, "vm", 0, 1);
    node.snapshot("vm");
    node.delete("vm", 1);
    node.awaitFreed();
    BlockDevice device = node.open("vm");
    device.write(0, ByteBuffer.allocate(8).putLong(0, 2), Durability.DEFERRED, Patience.WAIT);
    node.awaitFreed();
    try (TestNode next = node.afterPowerCut(Seeds.generator("DeletionTest"))) {
      StoreCheck.check(next, "after a power cut");
      next.bytes("vm", Optional.empty());
    }
  }

  @Test
  void aDeletionThatFailsInTheStoreIsTriedAgain() throws IOException {
    try (TestNode node = TestNode.start()) {
      node.create("vm", OBJECTS * OBJECT);
      write(node, "vm", 0, 1);
      try (Faults.Ended _ = node.store.faults().fail(StoreCall.REMOVE, _ -> true, 1)) {
        node.delete("vm");
        node.awaitFreed();
      }
      assertEquals(List.of(), node.store.objects());
    }
  }

  @Test
  void aVdiWithADamagedInodeCanBeDeleted() throws IOException {
    TestNode node = TestNode.start();
    VdiId vdi = node.create("vm", OBJECTS * OBJECT);
    write(node, "vm", 0, 1);
    try (TestNode next = node.restarted()) {
      try (Faults.Ended _ = next.store.faults().fail(StoreCall.READ, ObjectId.inode(vdi)::equals)) {
        assertThrows(IOException.class, () -> next.catalog.clientObjects().flush(vdi));
        next.delete("vm");
        next.awaitFreed();
      }
      assertEquals(List.of(), next.store.objects());
    }
  }

  @Test
  void afterWipingNothingIsKnown() throws IOException {
    TestNode node = TestNode.start();
    VdiId vdi = node.create("vm", OBJECTS * OBJECT);
    BlockDevice device = node.open("vm");
    assertThrows(IOException.class, () -> node.catalog.wipe(new Coordination.Check("cluster", 0)));
    device.close();
    node.delete("vm");
    node.awaitFreed();
    node.create("vm", OBJECTS * OBJECT);
    node.catalog.wipe(new Coordination.Check("cluster", 0));
    assertEquals(List.of(), node.catalog.states());
    assertEquals(0, node.catalog.inUse().cardinality());
    assertEquals(vdi, node.create("vm", OBJECTS * OBJECT));
    try (TestNode next = node.restarted()) {
      assertEquals(vdi, next.working("vm"));
    }
  }

  @Test
  void closingDoesNotWaitForALongDeletion() throws IOException {
    TestNode node = TestNode.start();
    node.create("vm", OBJECTS * OBJECT);
    for (int i = 0; i < OBJECTS; i++) {
      write(node, "vm", i, i);
    }
    Faults.Hang hang = node.store.faults().hang(StoreCall.REMOVE, o -> o.index() == 2);
    node.delete("vm");
    hang.awaitArrived(1);
    Thread closing = Thread.startVirtualThread(() -> closeQuietly(node));
    Await.until("the catalog is closing", () -> closing.getState() == Thread.State.TIMED_WAITING);
    hang.close();
    Await.until("it is closed", () -> !closing.isAlive());
    VdiId vdi = new VdiId(SheepHash.vdiSlot(new VdiName("vm").bytes()));
    assertTrue(node.store.objects().contains(ObjectId.data(vdi, 5)), "the rest is left");
    try (TestNode next = TestNode.start(node.disk.afterProcessKill(), node.store)) {
      next.awaitFreed();
      assertEquals(List.of(), next.store.objects());
    }
  }

  private static void closeQuietly(TestNode node) {
    try {
      node.catalog.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// One change of the tree, or a restart.
  private static TestNode step(
      TestNode node, RandomGenerator chance, int number, Map<VdiId, byte[]> contents)
      throws IOException {
    List<VdiDirectory.State> states = node.catalog.states();
    List<VdiDirectory.State> working = states.stream().filter(s -> !s.snapshot()).toList();
    List<VdiDirectory.State> snapshots =
        states.stream().filter(VdiDirectory.State::snapshot).toList();
    int what = chance.nextInt(10);
    if (working.isEmpty()) {
      node.create("vm" + number, OBJECTS * OBJECT);
    } else if (what < 4) {
      String name = working.get(chance.nextInt(working.size())).name().value();
      write(node, name, chance.nextInt(OBJECTS), number);
    } else if (what < 6) {
      node.snapshot(working.get(chance.nextInt(working.size())).name().value());
    } else if (what < 7 && !snapshots.isEmpty()) {
      VdiId base = snapshots.get(chance.nextInt(snapshots.size())).vdi();
      node.clone("vm" + number, base, OBJECTS * OBJECT);
    } else if (what < 8 && !snapshots.isEmpty()) {
      VdiDirectory.State base = snapshots.get(chance.nextInt(snapshots.size()));
      found(node.catalog.rollback(base.name(), base.vdi(), shape(OBJECTS * OBJECT)));
    } else if (what < 9) {
      delete(node, states.get(chance.nextInt(states.size())));
    } else {
      node = node.restarted();
    }
    remember(node, contents);
    return node;
  }

  /// Takes over the content of what is new or working; that of snapshots must not change.
  private static void remember(TestNode node, Map<VdiId, byte[]> contents) throws IOException {
    contents.keySet().retainAll(ids(node));
    for (VdiDirectory.State state : node.catalog.states()) {
      if (!state.snapshot() || !contents.containsKey(state.vdi())) {
        contents.put(state.vdi(), bytes(node, state));
      }
    }
  }

  private static void check(TestNode node, Map<VdiId, byte[]> contents, String where)
      throws IOException {
    StoreCheck.check(node, where);
    for (VdiDirectory.State state : node.catalog.states()) {
      assertArrayEquals(contents.get(state.vdi()), bytes(node, state), where + ": " + state);
    }
  }

  private static List<VdiId> ids(TestNode node) throws IOException {
    return node.catalog.states().stream().map(VdiDirectory.State::vdi).toList();
  }

  /// The first bytes of each object.
  private static byte[] bytes(TestNode node, VdiDirectory.State state) throws IOException {
    Optional<String> snapshot =
        state.snapshot() ? Optional.of("" + state.snapId()) : Optional.empty();
    ByteBuffer all = ByteBuffer.allocate(OBJECTS * 8);
    try (BlockDevice device = node.open(state.name().value(), snapshot, CacheMode.WRITEBACK)) {
      for (int i = 0; i < OBJECTS; i++) {
        device.read(i * OBJECT, all.limit(8 * i + 8), Patience.WAIT);
      }
    }
    return all.array();
  }

  private static void delete(TestNode node, VdiDirectory.State state) throws IOException {
    found(node.catalog.delete(state.name(), "", state.snapshot() ? state.snapId() : 0));
  }

  private static void write(TestNode node, String name, int object, int value) throws IOException {
    try (BlockDevice device = node.open(name)) {
      ByteBuffer bytes = ByteBuffer.allocate(8).putLong(0, value);
      device.write(object * OBJECT, bytes, Durability.DEFERRED, Patience.WAIT);
    }
  }

  private static List<List<Integer>> permutations(List<Integer> of) {
    if (of.isEmpty()) {
      return List.of(List.of());
    }
    List<List<Integer>> all = new ArrayList<>();
    for (int first : of) {
      List<Integer> rest = new ArrayList<>(of);
      rest.removeIf(other -> other == first);
      for (List<Integer> tail : permutations(rest)) {
        List<Integer> one = new ArrayList<>(List.of(first));
        one.addAll(tail);
        all.add(one);
      }
    }
    return all;
  }
}
