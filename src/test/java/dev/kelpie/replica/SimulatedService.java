package dev.kelpie.replica;

import dev.kelpie.testing.baton.Baton;
import dev.kelpie.testing.baton.Host;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// The records of a simulated cluster, and its leader, who never fails: the map of nodes, with
/// their leases, and the configurations of slots.
final class SimulatedService {
  static final long LEASE_NANOS = 200_000_000;

  /// When the leader takes a node for dead: after its lease.
  static final long DEAD_NANOS = 300_000_000;

  private final Baton baton;
  private final SlotRules rules;
  private final Consumer<String> history;
  private final Map<Integer, SlotConfig> records = new HashMap<>();
  private final Map<Integer, List<String>> holders = new HashMap<>();
  private final Map<String, Long> up = new HashMap<>();
  private final Map<String, Long> renewed = new HashMap<>();
  private final Map<String, Boolean> cut = new HashMap<>();
  private long version = 1;
  private long lives;

  /// @param history told of every new configuration
  SimulatedService(Baton baton, SlotRules rules, Consumer<String> history) {
    this.baton = baton;
    this.history = history;
    this.rules = rules;
  }

  /// A slot and who is to have it, all of whom are up.
  void add(int slot, List<String> nodes) {
    holders.put(slot, nodes);
    records.put(slot, rules.first(nodes, new SlotRules.Nodes(_ -> true, _ -> false)));
  }

  List<Integer> slots() {
    return records.keySet().stream().sorted().toList();
  }

  SlotConfig config(int slot) {
    return Objects.requireNonNull(records.get(slot));
  }

  List<String> holders(int slot) {
    return Objects.requireNonNull(holders.get(slot));
  }

  void move(int slot, List<String> nodes) {
    holders.put(slot, nodes);
    commitMap(Optional.empty());
  }

  /// Whether a machine is cut off from the service.
  void cut(String node, boolean off) {
    cut.put(node, off);
  }

  /// A process announces itself, and is up at once.
  ///
  /// @return which life of the node this is
  long join(String node) {
    lives++;
    up.put(node, lives);
    renewed.put(node, baton.now());
    commitMap(Optional.of(node));
    return lives;
  }

  /// A life of a node says that it is there.
  ///
  /// @return whether it counts
  boolean renew(String node, long life, long sent) {
    boolean counts = life == up.getOrDefault(node, -2L);
    if (counts) {
      renewed.merge(node, sent, Math::max);
    }
    return counts;
  }

  /// Nodes that were not heard of go down.
  void lookAfter() {
    for (String node : List.copyOf(up.keySet())) {
      if (baton.now() - renewed.getOrDefault(node, 0L) > DEAD_NANOS) {
        up.remove(node);
        commitMap(Optional.empty());
      }
    }
  }

  private void commitMap(Optional<String> anew) {
    version++;
    SlotRules.Nodes now =
        new SlotRules.Nodes(up::containsKey, node -> anew.filter(node::equals).isPresent());
    for (int slot : slots()) {
      SlotConfig after = rules.settle(config(slot), holders(slot), now);
      if (!after.equals(records.put(slot, after))) {
        history.accept("slot " + slot + " is " + after);
      }
      if (rules.isActive(after, now) && !after.nodes().stream().allMatch(up::containsKey)) {
        throw new AssertionError("W: " + after + " with " + up + " up");
      }
    }
  }

  /// What a process knows.
  final class Table implements SlotTable {
    private final String self;
    private final Host host;
    private long life = -1;
    private long leaseUntil;
    private long seenVersion;
    private Map<String, Long> seenUp = Map.of();
    private Map<Integer, List<String>> seenHolders = Map.of();
    private final Map<Integer, SlotConfig> known = new HashMap<>();

    Table(String self, Host host) {
      this.self = self;
      this.host = host;
      see();
    }

    private void see() {
      seenVersion = version;
      seenUp = new HashMap<>(up);
      seenHolders = new HashMap<>(holders);
      known.putAll(records);
    }

    /// The way to the service.
    private void travel() throws IOException {
      try {
        host.platform().tasks().sleep(Duration.ofNanos(baton.chance().nextLong(2_000_000)));
        if (cut.getOrDefault(host.name(), false)) {
          host.platform().tasks().sleep(Duration.ofMillis(50));
          throw new IOException("the service cannot be reached");
        }
      } catch (InterruptedException e) {
        throw new IOException("interrupted", e);
      }
    }

    /// Says that this node is there; comes anew where it does not count any more.
    void renew() throws IOException {
      long sent = baton.now();
      travel();
      if (!SimulatedService.this.renew(self, life, sent)) {
        life = join(self);
        see();
      }
      leaseUntil = sent + LEASE_NANOS;
      travel();
    }

    /// Sees what there is now.
    void follow() throws IOException {
      travel();
      see();
    }

    @Override
    public Optional<SlotConfig> of(int slot) {
      return Optional.ofNullable(known.get(slot));
    }

    @Override
    public Optional<SlotConfig> look(int slot) throws IOException {
      travel();
      see();
      return of(slot);
    }

    @Override
    public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
        throws IOException {
      travel();
      if (baton.chance().nextInt(20) == 0) {
        throw new IOException("not committed, or so it seems");
      }
      boolean done =
          before.equals(config(slot))
              && seenVersion == version
              && proven.stream().allMatch(p -> life(p.node()).equals(OptionalLong.of(p.life())));
      if (done) {
        records.put(slot, after);
        history.accept(self + " commits " + slot + " " + after);
        if (baton.chance().nextInt(10) == 0) {
          throw new IOException("committed, which nobody knows");
        }
        see();
      }
      return done;
    }

    @Override
    public List<String> holders(int slot) {
      return seenHolders.getOrDefault(slot, List.of());
    }

    @Override
    public SlotRules.Nodes nodes() {
      Map<String, Long> seen = seenUp;
      return new SlotRules.Nodes(seen::containsKey, _ -> false);
    }

    @Override
    public OptionalLong life(String node) {
      Long seen = seenUp.get(node);
      return seen == null ? OptionalLong.empty() : OptionalLong.of(seen);
    }

    @Override
    public SlotRules rules() {
      return rules;
    }

    @Override
    public boolean isIn() {
      return life == seenUp.getOrDefault(self, -2L);
    }

    @Override
    public boolean mayServe() {
      return isIn() && baton.now() < leaseUntil;
    }
  }
}
