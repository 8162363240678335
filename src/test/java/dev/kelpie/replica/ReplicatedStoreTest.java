package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.placement.Slots;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/// A gateway among nodes that do as they are told: whom it asks, how often, and what it makes of
/// the answers.
final class ReplicatedStoreTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId A = ObjectId.data(VDI, 1);
  private static final int SLOT = Slots.of(A);
  private static final ObjectId B = otherSlot();

  private final TestPlatform test = new TestPlatform(new MemoryDisk());
  private final Table table = new Table();
  private final Map<String, FakeStoreNode> nodes =
      Map.of("a", new FakeStoreNode(), "b", new FakeStoreNode(), "c", new FakeStoreNode());
  private final ReplicatedStore store = store(Duration.ofSeconds(20));

  private static ObjectId otherSlot() {
    int i = 2;
    while (Slots.of(ObjectId.data(VDI, i)) == SLOT) {
      i++;
    }
    return ObjectId.data(VDI, i);
  }

  private ReplicatedStore store(Duration window) {
    return new ReplicatedStore("a", table, node("a"), this::node, test.platform(), window);
  }

  private FakeStoreNode node(String name) {
    return Objects.requireNonNull(nodes.get(name));
  }

  /// What is known, and what there really is.
  private static final class Table implements SlotTable {
    final Map<Integer, SlotConfig> known = new ConcurrentHashMap<>();
    final Map<Integer, SlotConfig> now = new ConcurrentHashMap<>();
    final Set<String> down = new HashSet<>();

    Table() {
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        known.put(slot, config(1, "a", "a", "b"));
      }
      now.putAll(known);
    }

    static SlotConfig config(long ballot, String primary, String... acting) {
      return new SlotConfig(
          ballot,
          List.of(acting).stream().map(node -> new Acting(node, true)).toList(),
          primary.isEmpty() ? Optional.empty() : Optional.of(primary),
          1);
    }

    void learn(int slot, SlotConfig config) {
      known.put(slot, config);
      now.put(slot, config);
    }

    @Override
    public Optional<SlotConfig> of(int slot) {
      return Optional.ofNullable(known.get(slot));
    }

    @Override
    public Optional<SlotConfig> look(int slot) {
      known.put(slot, Objects.requireNonNull(now.get(slot)));
      return of(slot);
    }

    @Override
    public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven) {
      throw new AssertionError("a gateway commits nothing");
    }

    @Override
    public List<String> holders(int slot) {
      return List.of();
    }

    @Override
    public SlotRules.Nodes nodes() {
      return new SlotRules.Nodes(node -> !down.contains(node), _ -> false);
    }

    @Override
    public OptionalLong life(String node) {
      return OptionalLong.of(1);
    }

    @Override
    public SlotRules rules() {
      return new SlotRules(1);
    }

    @Override
    public boolean isIn() {
      return true;
    }

    @Override
    public boolean mayServe() {
      return true;
    }
  }

  private static Access access(Patience patience) {
    return new Access(VDI, Generation.NONE, CacheMode.DIRECT, patience);
  }

  private static Change change(Durability durability) {
    return Change.of(VDI, Generation.NONE, CacheMode.DIRECT, durability);
  }

  private Outcome write(ObjectId object) throws IOException {
    List<Extent> extents = List.of(new Extent(0, ByteBuffer.allocate(1)));
    return store.write(object, extents, change(Durability.DEFERRED));
  }

  /// The first barrier is past.
  private void settle() throws IOException {
    store.flush(VDI);
    nodes.values().forEach(FakeStoreNode::askedSoFar);
  }

  @Test
  void whoMayNotWaitIsToldThatItWouldHaveTo() throws IOException {
    ByteBuffer into = ByteBuffer.allocate(1);
    Change now =
        new Change(VDI, Generation.NONE, 1, CacheMode.DIRECT, Durability.DURABLE, Patience.NOW);
    assertEquals(Outcome.WOULD_WAIT, store.read(A, 0, into, access(Patience.NOW)));
    assertEquals(Outcome.WOULD_WAIT, store.write(A, List.of(), now));
    assertEquals(Outcome.WOULD_WAIT, store.create(A, Base.ZEROS, List.of(), now));
    assertEquals(Outcome.WOULD_WAIT, store.remove(A, now));
    assertEquals(List.of(), node("a").askedSoFar());
  }

  @Test
  void nextPrimaryIsAskedWhereOneIsNotOrDoesNotAnswer() throws IOException {
    table.now.put(SLOT, Table.config(3, "b", "a", "b"));
    node("a").failures.add(new Outdated(new Claim(SLOT, 1), 3));
    ByteBuffer into = ByteBuffer.allocate(4);
    assertEquals(Outcome.DONE, store.read(A, 0, into, access(Patience.WAIT)));
    assertEquals(4, into.position());
    assertEquals(List.of("read 1"), node("a").askedSoFar());
    assertEquals(List.of("read 3"), node("b").askedSoFar());
    table.now.put(SLOT, Table.config(4, "c", "c"));
    node("b").failures.add(new IOException("gone"));
    node("b").failures.add(new IOException("gone"));
    assertEquals(Outcome.DONE, write(A));
    assertEquals(List.of("WRITE 3 1"), node("b").askedSoFar());
    assertEquals(List.of("WRITE 4 1"), node("c").askedSoFar());
  }

  @Test
  void readThatFailsDoesNotMoveTheBuffer() {
    node("a").failures.add(new ObjectDamaged(A, 0, "somewhere"));
    ByteBuffer into = ByteBuffer.allocate(4);
    assertThrows(ObjectDamaged.class, () -> store.read(A, 0, into, access(Patience.WAIT)));
    assertEquals(0, into.position());
    assertEquals(List.of("read 1"), node("a").askedSoFar(), "it will not get better");
  }

  @Test
  void whatNobodyAnswersFailsWithEverythingThatAnOperatorWantsToKnow() {
    ReplicatedStore hasty = store(Duration.ZERO);
    node("a").failures.add(new IOException("out of order"));
    IOException failure = assertThrows(IOException.class, () -> hasty.stat(A));
    String text = String.valueOf(failure.getMessage());
    assertTrue(text.contains(A.toString()), text);
    assertTrue(text.contains("slot " + SLOT) && text.contains("node a"), text);
    assertTrue(text.contains("out of order"), text);
    table.learn(SLOT, Table.config(2, "", "b"));
    IOException nobody = assertThrows(IOException.class, () -> hasty.stat(A));
    assertTrue(String.valueOf(nobody.getMessage()).contains("no node"), nobody::toString);
  }

  @Test
  void removalThatMayHaveBeenMadeIsDone() throws IOException {
    node("a").outcome = Outcome.NO_OBJECT;
    assertEquals(Outcome.NO_OBJECT, store.remove(A, change(Durability.DURABLE)));
    node("a").failures.add(new IOException("the answer is lost"));
    assertEquals(Outcome.DONE, store.remove(A, change(Durability.DURABLE)));
  }

  @Test
  void barrierAsksThePrimariesOfWhatIsOpen() throws IOException {
    settle();
    table.learn(Slots.of(B), Table.config(5, "b", "b"));
    assertEquals(Outcome.DONE, write(A));
    assertEquals(Outcome.DONE, write(B));
    table.learn(SLOT, Table.config(2, "a", "a"));
    assertEquals(Outcome.DONE, write(A));
    assertEquals(
        Outcome.DONE, store.write(A, List.of(), change(Durability.DURABLE)), "needs no barrier");
    nodes.values().forEach(FakeStoreNode::askedSoFar);
    store.flush(VDI);
    assertEquals(List.of("flush " + SLOT + "/1"), node("a").askedSoFar());
    assertEquals(List.of("flush " + Slots.of(B) + "/5"), node("b").askedSoFar());
    store.flush(VDI);
    assertEquals(List.of(), node("a").askedSoFar());
  }

  @Test
  void barrierOfAnotherVdiAsksNothing() throws IOException {
    settle();
    assertEquals(Outcome.DONE, write(A));
    VdiId other = new VdiId(8);
    store.flush(other);
    store.flush(other);
    assertEquals(List.of("WRITE 1 1", "settle"), node("a").askedSoFar());
  }

  @Test
  void barrierThatFailsIsMadeAgain() throws IOException {
    settle();
    assertEquals(Outcome.DONE, write(A));
    node("a").askedSoFar();
    table.now.put(SLOT, Table.config(2, "b", "b"));
    node("a").failures.add(new Outdated(new Claim(SLOT, 1), 2));
    store.flush(VDI);
    assertEquals(List.of("flush " + SLOT + "/1"), node("a").askedSoFar());
    assertEquals(List.of("flush " + SLOT + "/1"), node("b").askedSoFar());
    ReplicatedStore hasty = store(Duration.ZERO);
    hasty.flush(VDI);
    List<Extent> extents = List.of(new Extent(0, ByteBuffer.allocate(1)));
    assertEquals(Outcome.DONE, hasty.write(A, extents, change(Durability.DEFERRED)));
    node("b").askedSoFar();
    node("b").failures.add(new IOException("not now"));
    assertThrows(IOException.class, () -> hasty.flush(VDI));
    hasty.close();
    assertEquals(List.of("flush " + SLOT + "/2", "flush " + SLOT + "/2"), node("b").askedSoFar());
  }

  @Test
  void lossIsToldOnceAndWhatIsNotLostIsMadeDurable() throws IOException {
    settle();
    int other = Slots.of(B);
    assertEquals(Outcome.DONE, write(A));
    assertEquals(Outcome.DONE, write(B));
    SlotConfig safe = new SlotConfig(3, List.of(new Acting("a", true)), Optional.of("a"), 3);
    table.now.put(SLOT, safe);
    table.known.put(SLOT, Table.config(3, "a", "a"));
    assertEquals(Outcome.DONE, write(A));
    node("a").askedSoFar();
    node("a").failures.add(new Primary.ChangesLost(SLOT));
    Primary.ChangesLost told = assertThrows(Primary.ChangesLost.class, () -> store.flush(VDI));
    assertEquals(SLOT, told.slot());
    String both =
        SLOT < other ? " " + SLOT + "/%d " + other + "/1" : " " + other + "/1 " + SLOT + "/%d";
    assertEquals(
        List.of(String.format("flush" + both, 1), String.format("flush" + both, 3)),
        node("a").askedSoFar());
    store.flush(VDI);
    assertEquals(List.of(), node("a").askedSoFar());
  }

  @Test
  void firstBarrierAsksAllNodesThatAreUpSinceAnEarlierLifeMayHaveDeferredSomething()
      throws IOException {
    table.learn(5, Table.config(1, "c", "c"));
    node("b").failures.add(new IOException("not now"));
    store.flush(VDI);
    assertEquals(List.of("settle"), node("a").askedSoFar());
    assertEquals(List.of("settle", "settle"), node("b").askedSoFar());
    assertEquals(List.of("settle"), node("c").askedSoFar());
    table.down.add("c");
    store.flush(new VdiId(9));
    assertEquals(List.of("settle"), node("a").askedSoFar());
    assertEquals(List.of(), node("c").askedSoFar());
  }

  @Test
  void listIsWholeWhenAllActingNodesOfEverySlotHaveAnswered() throws IOException {
    node("a").objects.add(A);
    node("b").objects.add(B);
    Set<ObjectId> found = new HashSet<>();
    store.list(VDI, found::add);
    assertEquals(Set.of(A, B), found);
    assertEquals(List.of("list"), node("a").askedSoFar());
    assertEquals(List.of("list"), node("b").askedSoFar());
    node("b").strange.set(SLOT);
    table.now.put(SLOT, Table.config(2, "c", "c"));
    ObjectId hidden = ObjectId.data(VDI, 77);
    node("c").objects.add(hidden);
    found.clear();
    store.list(VDI, found::add);
    assertEquals(Set.of(A, B, hidden), found);
    assertEquals(List.of("list"), node("b").askedSoFar());
    assertEquals(List.of("list"), node("c").askedSoFar());
  }

  @Test
  void rangesOutsideAreTheCallersError() {
    Change change = change(Durability.DURABLE);
    List<Extent> outside = List.of(new Extent(A.size(), ByteBuffer.allocate(1)));
    assertThrows(IllegalArgumentException.class, () -> store.write(A, outside, change));
    assertThrows(
        IllegalArgumentException.class,
        () -> store.read(A, A.size(), ByteBuffer.allocate(1), access(Patience.WAIT)));
    assertThrows(
        IllegalArgumentException.class,
        () -> store.create(A, new Base.CopyOf(ObjectId.inode(VDI)), List.of(), change));
    List<Extent> disorder =
        List.of(new Extent(4, ByteBuffer.allocate(4)), new Extent(6, ByteBuffer.allocate(1)));
    assertThrows(IllegalArgumentException.class, () -> store.write(A, disorder, change));
  }
}
