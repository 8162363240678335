package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// Nodes whose map and records all of them know at once: they come and go, and holders change, when
/// a test says so. Calls from one to another can fail.
final class MovingCluster {
  static final VdiId VDI = new VdiId(5);

  /// In each of some slots there is one object, and in the first there are two.
  static final int SLOTS = 6;

  final TestPlatform test = new TestPlatform(new MemoryDisk());
  final List<ObjectId> objects = new ArrayList<>();
  final Map<ObjectId, Long> expected = new HashMap<>();

  /// How many calls went from one node to another, and which of them fails.
  final AtomicInteger calls = new AtomicInteger();

  volatile int failing = -1;
  final Set<String> unreachable = ConcurrentHashMap.newKeySet();
  private volatile SlotRules rules;
  private final Map<String, Node> nodes = new HashMap<>();
  private final Map<Integer, SlotConfig> records = new HashMap<>();
  private final Map<Integer, List<String>> holders = new HashMap<>();
  private final Set<String> up = ConcurrentHashMap.newKeySet();

  MovingCluster(int count, int copies, int least) {
    rules = new SlotRules(least);
    chooseObjects();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("n" + i);
    }
    up.addAll(names);
    for (ObjectId object : objects) {
      int slot = Slots.of(object);
      holders.put(slot, names.subList(0, copies));
      records.put(slot, rules.first(holders(slot), nodes()));
    }
    names.forEach(name -> nodes.put(name, new Node(name)));
  }

  private void chooseObjects() {
    Set<Integer> slots = new HashSet<>();
    for (int i = 0; objects.size() <= SLOTS; i++) {
      ObjectId object = ObjectId.attribute(VDI, i);
      int slot = Slots.of(object);
      boolean second = !objects.isEmpty() && slot == Slots.of(objects.getFirst());
      if (second || (slots.size() < SLOTS && slots.add(slot))) {
        objects.add(object);
      }
    }
  }

  synchronized List<String> holders(int slot) {
    return List.copyOf(holders.getOrDefault(slot, List.of()));
  }

  synchronized SlotConfig config(int slot) {
    return java.util.Objects.requireNonNull(records.get(slot));
  }

  synchronized List<Integer> slots() {
    return List.copyOf(records.keySet());
  }

  private SlotRules.Nodes nodes() {
    return nodes(_ -> false);
  }

  private SlotRules.Nodes nodes(Predicate<String> anew) {
    return new SlotRules.Nodes(Set.copyOf(up)::contains, anew);
  }

  Node node(String name) {
    return java.util.Objects.requireNonNull(nodes.get(name));
  }

  /// All slots are to be there.
  synchronized void move(List<String> to) {
    records.keySet().forEach(slot -> holders.put(slot, to));
    settle(_ -> false);
  }

  synchronized void down(String node) {
    up.remove(node);
    settle(_ -> false);
  }

  /// The node is there again, as another process.
  synchronized void restart(String node) {
    node(node).start();
    up.add(node);
    settle(node::equals);
  }

  /// Another number of nodes has to make a change.
  synchronized void alter(int least) {
    rules = new SlotRules(least);
    settle(_ -> false);
  }

  private void settle(Predicate<String> anew) {
    records.replaceAll((slot, config) -> rules.settle(config, holders(slot), nodes(anew)));
  }

  /// Writes a number into every object, through its primary.
  void write(long first) throws IOException {
    for (int i = 0; i < objects.size(); i++) {
      ObjectId object = objects.get(i);
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).putLong(0, first + i);
      Step step =
          new Step(Step.Kind.CREATE, List.of(new Extent(0, bytes)), VDI, Durability.DEFERRED);
      String primary = config(Slots.of(object)).primary().orElseThrow();
      assertEquals(Outcome.DONE, node(primary).primary.change(object, step));
      expected.put(object, first + i);
    }
  }

  void remove(ObjectId object) throws IOException {
    Step step = new Step(Step.Kind.REMOVE, List.of(), VDI, Durability.DEFERRED);
    String primary = config(Slots.of(object)).primary().orElseThrow();
    assertEquals(Outcome.DONE, node(primary).primary.change(object, step));
    expected.remove(object);
  }

  /// Has all nodes step until nobody has anything left to do.
  ///
  /// @return how many steps failed
  int recover() {
    int failed = 0;
    boolean left = true;
    for (int round = 0; left; round++) {
      assertTrue(round < 30, () -> "it does not come to an end: " + records);
      left = false;
      for (String name : List.copyOf(up)) {
        try {
          left |= node(name).recovery.step();
        } catch (IOException _) {
          failed++;
          left = true;
        }
      }
      for (String name : List.copyOf(up)) {
        left |= node(name).isOpen();
      }
    }
    return failed;
  }

  /// Every object is where it is to be, as it was written, and nowhere else.
  void check() throws IOException {
    for (ObjectId object : objects) {
      int slot = Slots.of(object);
      SlotConfig config = config(slot);
      List<String> live = holders(slot).stream().filter(up::contains).toList();
      assertEquals(Set.copyOf(live), Set.copyOf(config.nodes()));
      assertEquals(live.getFirst(), config.primary().orElseThrow());
      assertTrue(config.acting().stream().allMatch(Acting::intact), config::toString);
      for (Node node : nodes.values()) {
        boolean meant = live.contains(node.name) && expected.containsKey(object);
        if (up.contains(node.name)) {
          assertEquals(meant, node.disk.has(object), () -> object + " at " + node.name);
        }
        if (meant) {
          ByteBuffer into = ByteBuffer.allocate(Long.BYTES);
          assertEquals(Outcome.DONE, node.holder.read(object, 0, into));
          assertEquals(expected.get(object), into.getLong(0));
        }
      }
    }
  }

  /// A node, and what it knows, which is everything.
  final class Node implements SlotTable {
    final String name;
    final SimulatedCopies disk = new SimulatedCopies();
    private final CopyStore store = Calls.alone(CopyStore.class, disk, _ -> {}, _ -> {});
    Holder holder;
    Primary primary;
    Recovery recovery;
    private long life = 1;

    Node(String name) {
      this.name = name;
      Platform platform = test.platform();
      holder = new Holder(this, store, platform.locks());
      primary = newPrimary(holder);
      recovery = newRecovery(holder, primary);
    }

    void start() {
      life++;
      holder = new Holder(this, store, test.platform().locks());
      primary = newPrimary(holder);
      recovery = newRecovery(holder, primary);
    }

    private boolean isOpen() {
      try {
        return !recovery.open().isEmpty();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    private Primary newPrimary(Holder mine) {
      Platform platform = test.platform();
      AllAtOnce everywhere =
          new AllAtOnce(name, mine, MovingCluster.this::reach, platform.tasks(), platform.locks());
      return new Primary(
          name,
          this,
          mine,
          everywhere,
          () -> {
            throw new IOException("a node does not answer");
          },
          platform.locks());
    }

    private Recovery newRecovery(Holder mine, Primary leading) {
      return new Recovery(name, this, mine, leading, test.platform().locks());
    }

    @Override
    public Optional<SlotConfig> of(int slot) {
      synchronized (MovingCluster.this) {
        return Optional.ofNullable(records.get(slot));
      }
    }

    @Override
    public Optional<SlotConfig> look(int slot) {
      return of(slot);
    }

    @Override
    public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
        throws IOException {
      travel("the records");
      synchronized (MovingCluster.this) {
        proven.ifPresent(p -> requireDurable(slot, p.node()));
        return proven.stream().allMatch(p -> life(p.node()).equals(OptionalLong.of(p.life())))
            && records.replace(slot, before, after);
      }
    }

    @Override
    public List<String> holders(int slot) {
      return MovingCluster.this.holders(slot);
    }

    @Override
    public SlotRules.Nodes nodes() {
      return MovingCluster.this.nodes();
    }

    @Override
    public OptionalLong life(String node) {
      synchronized (MovingCluster.this) {
        return up.contains(node) ? OptionalLong.of(node(node).life) : OptionalLong.empty();
      }
    }

    @Override
    public SlotRules rules() {
      return rules;
    }

    @Override
    public boolean isIn() {
      return up.contains(name);
    }

    @Override
    public boolean mayServe() {
      return isIn();
    }
  }

  /// What a barrier has promised of the objects is true of who joins.
  private void requireDurable(int slot, String joiner) {
    for (ObjectId object : objects) {
      assertTrue(
          Slots.of(object) != slot || node(joiner).disk.isDurable(object),
          () -> object + " is not durable at " + joiner + ", which joins");
    }
  }

  private Copies reach(String name) {
    return Calls.before(
        Copies.class,
        node(name).holder,
        _ -> {
          travel(name);
        });
  }

  private void travel(String to) throws IOException {
    if (unreachable.contains(to) || calls.incrementAndGet() == failing) {
      throw new IOException("no way to " + to);
    }
  }
}
