package dev.kelpie.replica;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Edition;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Life;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Seat;
import dev.kelpie.replica.SlotTable.Proven;
import dev.kelpie.testing.MemoryCoordination;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Several nodes' [SlotBook]s over the same records, in one thread: one seed, one run. Nodes go
/// down, come up and restart, the cluster is formatted anew, primaries let others join and leave
/// and give slots away; any node may make the next map. While a node waits for an answer anything
/// else may happen, answers come late, or never. One node holds nothing by placement, so that most
/// slots do not care what becomes of it.
///
/// After each event it is checked that
///
/// * **W** holds (`docs/replication.md`), and every primary is an acting node;
/// * ballots grow, and who restarted is not intact;
/// * who joins is in the life in which it has shown that it has everything;
/// * what a book knows of a slot was committed once, and no book goes back;
/// * a book's map is no older than what it knows of a slot, and no newer than that by a change that
///   was made with a map.
public final class SlotBookSimulation {
  private static final int DEPTH_MAX = 3;
  private static final int COPIES_MAX = 4;
  private static final int VNODES = 128;

  /// Of the other slots, only some are looked at, to save time.
  private static final int CHECK_EVERY = 16;

  /// Slots that are looked at closely: some share a record.
  private static final List<Integer> SLOTS = List.of(0, 1, 2, 255, 256, 300, 9000);

  private final SplittableRandom chance;
  private final MemoryCoordination records = new MemoryCoordination();
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Integer, List<Past>> history = new HashMap<>();
  private final StringBuilder told = new StringBuilder();
  private final List<KnownShard> truth =
      new ArrayList<>(Collections.nCopies(SlotShard.COUNT, KnownShard.NONE));
  private final ClusterBook observer;
  private Edition map = Edition.NONE;

  /// What the commits of primaries that are under way go by, the innermost first.
  private final Deque<Optional<Proven>> proven = new ArrayDeque<>();

  private long formats;
  private boolean faults = true;
  private int depth;
  private int committed;

  /// A configuration that a slot had.
  ///
  /// @param map the version of the cluster's record then
  /// @param settled whether it came with the map
  private record Past(SlotConfig config, long map, boolean settled) {}

  private SlotBookSimulation(long seed, int count) throws IOException {
    chance = new SplittableRandom(seed);
    observer = new ClusterBook(records);
    SLOTS.forEach(slot -> history.put(slot, new ArrayList<>()));
    for (int i = 0; i < count; i++) {
      nodes.add(new Node(i, i < count - 1 ? VNODES : 0));
    }
  }

  /// Runs once.
  ///
  /// @return how many commits of primaries were made
  /// @throws AssertionError with the history, where something is wrong
  public static int run(long seed, int count, int events) throws IOException {
    SlotBookSimulation simulation = new SlotBookSimulation(seed, count);
    try {
      simulation.begin();
      for (int i = 0; i < events; i++) {
        simulation.event();
      }
      simulation.calm();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ", " + count + " nodes\n" + simulation.told, e);
    }
    return simulation.committed;
  }

  private void begin() throws IOException {
    faults = false;
    format(nodes.getFirst());
    faults = true;
  }

  private final class Node {
    private final Member member;
    private final MemoryDisk disk = new MemoryDisk();
    private final Path directory = disk.directories("/node");
    private final Map<Integer, Integer> known = new HashMap<>();
    private long lastMap;
    private long incarnation;
    private ClusterBook maps;
    private SlotBook book;

    Node(int number, int vnodes) throws IOException {
      member =
          new Member(InetAddress.getLoopbackAddress(), 7000 + number, vnodes, number, 1L << 40);
      faults = false;
      maps = maps();
      book = book();
      faults = true;
    }

    private ClusterBook maps() throws IOException {
      Handle handle = new Handle();
      return new ClusterBook(handle, new SlotFollower(handle));
    }

    private SlotBook book() throws IOException {
      EpochMemory memory = new EpochMemory(disk, directory);
      return new SlotBook(new Handle(), maps, memory, this::life, member);
    }

    private Optional<Life> life() {
      return Optional.of(new Life(incarnation, new Forever()));
    }

    /// Another process; the one before goes on until it has begun.
    void restart() throws IOException {
      maps = maps();
      SlotBook next = book();
      known.clear();
      lastMap = 0;
      book = next;
    }

    String name() {
      return member.name();
    }
  }

  private static final class Forever implements Coordination.Presence {
    @Override
    public long lease() {
      return Long.MAX_VALUE;
    }

    @Override
    public void update(byte[] value) {
      throw new UnsupportedOperationException("nobody updates it");
    }

    @Override
    public void close() {}
  }

  /// A way to the records, on which anything may happen.
  private final class Handle implements Coordination {
    @Override
    public Optional<Stored> read(String key) throws IOException {
      reach();
      Optional<Stored> found = records.read(key);
      maybeEvents();
      return found;
    }

    /// A list is not a snapshot.
    @Override
    public List<Stored> list(String prefix) throws IOException {
      reach();
      List<Stored> found = new ArrayList<>();
      for (Stored stored : records.list(prefix)) {
        if (chance.nextInt(SlotShard.COUNT) == 0) {
          maybeEvents();
        }
        records.read(stored.key()).ifPresent(found::add);
      }
      maybeEvents();
      return found;
    }

    @Override
    public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
      reach();
      if (fault(25)) {
        throw new InDoubt("not made", new IOException("injected fault"));
      }
      boolean made = records.commit(changes, checks);
      checkTruth();
      maybeEvents();
      if (fault(25)) {
        throw new InDoubt("made or not: " + made, new IOException("injected fault"));
      }
      return made;
    }

    private void reach() throws IOException {
      maybeEvents();
      if (fault(60)) {
        throw new IOException("injected fault");
      }
    }

    @Override
    public Watch watch(String prefix, Runnable changed) {
      throw new UnsupportedOperationException("the simulation looks by itself");
    }

    @Override
    public Optional<Presence> announce(String key, byte[] value, Runnable lost) {
      throw new UnsupportedOperationException("the simulation says who is there");
    }

    @Override
    public void close() {}
  }

  private boolean fault(int oneIn) {
    return faults && chance.nextInt(oneIn) == 0;
  }

  private void maybeEvents() {
    if (faults && depth < DEPTH_MAX && chance.nextInt(4) == 0) {
      depth++;
      try {
        event();
      } finally {
        depth--;
      }
    }
  }

  private void say(String what) {
    told.append("  ".repeat(depth)).append(what).append('\n');
  }

  private <T> T any(List<T> list) {
    return list.get(chance.nextInt(list.size()));
  }

  private void event() {
    Node node = any(nodes);
    try {
      switch (chance.nextInt(40)) {
        case 0 -> format(node);
        case 1 -> node.maps.alterCopies(1 + chance.nextInt(COPIES_MAX));
        case 2 -> node.restart();
        case 3, 4, 5, 6 -> nextMap(node);
        case 7, 8, 9 -> node.book.lookAtEverything();
        case 10, 11, 12, 13, 14, 15 -> node.book.look(any(SLOTS));
        default -> lead(any(SLOTS));
      }
    } catch (IOException e) {
      say(node.name() + "... " + e.getMessage());
    }
    checkTruth();
    nodes.forEach(this::check);
  }

  /// Sometimes without the end of what was there.
  private void format(Node by) throws IOException {
    say(by.name() + " formats");
    if (chance.nextInt(3) > 0) {
      by.maps.unformat();
    }
    List<Member> present =
        nodes.stream().filter(_ -> chance.nextInt(5) > 0).map(n -> n.member).toList();
    Format format = new Format(++formats << 32, 1 + chance.nextInt(COPIES_MAX), 0, 0, "plain");
    by.maps.format(format, present, Instant.EPOCH);
  }

  /// A node makes the next map of the one that it knows.
  private void nextMap(Node by) throws IOException {
    Optional<Cluster> before = by.maps.cluster();
    if (before.isEmpty()) {
      Optional<Cluster> _ = by.maps.look();
      return;
    }
    List<Seat> seats = new ArrayList<>(before.get().seats());
    for (int changes = 1 + chance.nextInt(2); changes > 0; changes--) {
      change(any(nodes), seats);
    }
    boolean done = by.maps.advance(before.get().current().number(), seats, Instant.EPOCH);
    say(by.name() + " makes a map: " + done);
  }

  private void change(Node node, List<Seat> seats) {
    int at =
        IntStream.range(0, seats.size())
            .filter(i -> seats.get(i).member().sameNode(node.member))
            .findFirst()
            .orElse(-1);
    if (at < 0) {
      node.incarnation++;
      seats.add(Seat.of(node.member, node.incarnation, 0));
      return;
    }
    Seat seat = seats.get(at);
    Seat.State next = any(List.of(Seat.State.UP, Seat.State.UP, Seat.State.DOWN, Seat.State.OUT));
    node.incarnation += next == Seat.State.UP ? 1 : 0;
    seats.set(at, new Seat(node.member, next, node.incarnation, seat.since(), false, List.of()));
    say(node.name() + " is " + next + " " + node.incarnation);
  }

  /// What a primary may do, as [Primary] does it.
  private void lead(int slot) throws IOException {
    List<Node> leaders =
        nodes.stream()
            .filter(n -> n.book.of(slot).filter(c -> c.isPrimary(n.name())).isPresent())
            .toList();
    if (leaders.isEmpty()) {
      return;
    }
    Node node = any(leaders);
    Optional<SlotConfig> known = node.book.of(slot);
    Optional<Cluster> cluster = node.book.edition().cluster();
    SlotRules rules = SlotRules.forCopies(cluster.get().format().copies());
    SlotConfig before = known.get();
    Optional<SlotConfig> after = decide(node, slot, before, rules);
    Optional<Proven> joiner = after.flatMap(next -> joiner(node, before, next));
    maybeEvents();
    if (faults && chance.nextInt(6) == 0) {
      nextMap(any(nodes));
      node.book.lookAtEverything();
    }
    if (after.isPresent()) {
      boolean done = commit(node, slot, before, after.get(), joiner);
      say(node.name() + " commits " + done + " " + slot + ": " + after.get());
      committed += done ? 1 : 0;
    }
  }

  /// The node that joins, if one does, has shown that it has everything.
  private static Optional<Proven> joiner(Node node, SlotConfig before, SlotConfig after) {
    return after.nodes().stream()
        .filter(joiner -> !before.isActing(joiner))
        .findAny()
        .map(joiner -> new Proven(joiner, node.book.life(joiner).orElseThrow()));
  }

  private boolean commit(
      Node node, int slot, SlotConfig before, SlotConfig after, Optional<Proven> joiner)
      throws IOException {
    proven.push(joiner);
    try {
      return node.book.commit(slot, before, after, joiner);
    } finally {
      proven.pop();
    }
  }

  private Optional<SlotConfig> decide(Node node, int slot, SlotConfig before, SlotRules rules) {
    Predicate<String> up = node.book.nodes().isUp();
    boolean any = chance.nextInt(3) == 0;
    List<String> absent =
        (any ? nodes.stream().map(Node::name).toList() : node.book.holders(slot))
            .stream().filter(n -> up.test(n) && !before.isActing(n)).toList();
    List<String> others =
        before.nodes().stream().filter(n -> up.test(n) && !n.equals(node.name())).toList();
    return switch (chance.nextInt(6)) {
      case 0 -> Optional.of(rules.equal(before));
      case 1 ->
          others.isEmpty() ? Optional.empty() : Optional.of(rules.handOver(before, any(others)));
      case 2 -> others.isEmpty() ? Optional.empty() : Optional.of(rules.leave(before, any(others)));
      default ->
          absent.isEmpty()
              ? Optional.empty()
              : Optional.of(rules.join(before, any(absent), node.book.nodes()));
    };
  }

  /// Checks what was committed since the last time.
  private void checkTruth() {
    try {
      Edition now = observer.edition();
      boolean mapChanged = now.version() != map.version();
      Optional<SlotRules.Nodes> up = now.cluster().map(c -> nodes(map, c));
      for (int shard = 0; shard < SlotShard.COUNT; shard++) {
        Optional<Coordination.Stored> stored = records.read(SlotShard.key(shard));
        long version = stored.map(Coordination.Stored::version).orElse(0L);
        KnownShard before = truth.get(shard);
        if (version != before.version()) {
          truth.set(shard, KnownShard.of(stored));
        }
        if (mapChanged || version != before.version()) {
          check(shard, before, now, up, mapChanged);
        }
      }
      map = now;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static SlotRules.Nodes nodes(Edition before, Cluster now) {
    Map<String, Long> then = new HashMap<>();
    before
        .cluster()
        .filter(c -> c.format().createTime() == now.format().createTime())
        .ifPresent(
            c -> c.seats().forEach(seat -> then.put(seat.member().name(), seat.incarnation())));
    Map<String, Long> up = new HashMap<>();
    now.seats().stream()
        .filter(seat -> seat.state() == Seat.State.UP)
        .forEach(seat -> up.put(seat.member().name(), seat.incarnation()));
    return new SlotRules.Nodes(
        up::containsKey,
        node ->
            up.containsKey(node) && then.containsKey(node) && !then.get(node).equals(up.get(node)));
  }

  private void check(
      int shard, KnownShard before, Edition now, Optional<SlotRules.Nodes> up, boolean mapChanged) {
    KnownShard after = truth.get(shard);
    require(after.map() <= now.version(), "a record goes by a map that is not there");
    for (int i = 0; i < SlotShard.SLOTS && after.version() > 0; i++) {
      int slot = shard * SlotShard.SLOTS + i;
      List<Past> past = history.get(slot);
      if (past == null && i % CHECK_EVERY != 0) {
        continue;
      }
      SlotConfig config = after.configs().get(i).orElseThrow();
      Optional<SlotConfig> old = before.configs().get(i);
      long least = old.map(SlotConfig::ballot).orElse(0L);
      require(config.ballot() >= least, () -> slot + " went back to " + config);
      require(
          config.safe() <= config.ballot() && config.primary().stream().allMatch(config::isActing),
          () -> slot + " is " + config);
      if (up.isPresent()) {
        checkW(slot, config, now.cluster().orElseThrow(), up.get());
        old.ifPresent(c -> checkAnew(slot, c, config, up.get()));
        if (!mapChanged && old.isPresent()) {
          checkProven(slot, old.get(), config, now.cluster().orElseThrow());
        }
      } else {
        require(config.acting().isEmpty(), () -> slot + " has " + config + " without a cluster");
      }
      if (past != null && !old.equals(Optional.of(config))) {
        past.add(new Past(config, now.version(), mapChanged));
      }
    }
  }

  private static void checkW(int slot, SlotConfig config, Cluster cluster, SlotRules.Nodes up) {
    SlotRules rules = SlotRules.forCopies(cluster.format().copies());
    require(
        !rules.isActive(config, up) || config.nodes().stream().allMatch(up.isUp()),
        () -> "W: " + slot + " is " + config + " in " + cluster.seats());
    require(
        config.primary().filter(up.isUp()).isPresent()
            || config.nodes().stream().noneMatch(up.isUp()),
        () -> "no primary: " + slot + " is " + config + " in " + cluster.seats());
  }

  private void checkProven(int slot, SlotConfig before, SlotConfig after, Cluster cluster) {
    Optional<Proven> life = Objects.requireNonNull(proven.peek());
    for (String node : after.nodes()) {
      require(
          before.isActing(node)
              || (life.filter(p -> p.node().equals(node)).isPresent()
                  && cluster.seats().stream()
                      .anyMatch(seat ->
                          seat.member().name().equals(node) && seat.isUp(life.get().life()))),
          () -> slot + " is " + after + ", which goes by " + life + ", in " + cluster.seats());
    }
  }

  /// Who restarted is not intact, and does not go on as a primary under the same ballot.
  private static void checkAnew(
      int slot, SlotConfig before, SlotConfig after, SlotRules.Nodes now) {
    for (Acting acting : after.acting()) {
      require(
          !now.isAnew().test(acting.node())
              || !before.isActing(acting.node())
              || (!acting.intact() && after.ballot() > before.ballot()),
          () -> acting.node() + " restarted, and " + slot + " is " + after);
    }
  }

  /// What a node knows.
  private void check(Node node) {
    long version = node.book.edition().version();
    require(version >= node.lastMap, () -> node.name() + " went back to map " + version);
    node.lastMap = version;
    for (int slot : SLOTS) {
      Optional<SlotConfig> config = node.book.of(slot);
      if (config.isPresent()) {
        node.known.put(slot, check(node, slot, config.get()));
      }
    }
  }

  /// @return which of the slot's configurations it is
  private int check(Node node, int slot, SlotConfig config) {
    long version = node.book.edition().version();
    List<Past> past = Objects.requireNonNull(history.get(slot));
    int last = node.known.getOrDefault(slot, 0);
    int here =
        IntStream.range(last, past.size())
            .filter(i -> past.get(i).config.equals(config))
            .findFirst()
            .orElse(-1);
    require(
        here >= 0,
        () -> node.name() + " knows of " + slot + " " + config + ", after " + past.get(last));
    require(
        past.get(here).map <= version,
        () -> node.name() + " knows map " + version + " and of " + slot + " " + past.get(here));
    for (Past later : past.subList(here + 1, past.size())) {
      require(
          !later.settled || later.map > version,
          () -> node.name() + " knows map " + version + ", and not of " + slot + " " + later);
    }
    return here;
  }

  private static void require(boolean holds, String what) {
    require(holds, () -> what);
  }

  private static void require(boolean holds, java.util.function.Supplier<String> what) {
    if (!holds) {
      throw new AssertionError(what.get());
    }
  }

  /// All faults end: then every node can make a map and know everything, and every primary commit.
  private void calm() throws IOException {
    faults = false;
    say("calm");
    format(nodes.getLast());
    for (Node node : nodes) {
      Cluster before = node.maps.look().orElseThrow();
      List<Seat> seats = new ArrayList<>(before.seats());
      change(node, seats);
      require(
          node.maps.advance(before.current().number(), seats, Instant.EPOCH),
          () -> node.name() + " makes no map");
    }
    checkTruth();
    for (Node node : nodes) {
      node.book.lookAtEverything();
      check(node);
    }
    for (Node node : nodes) {
      for (int slot : SLOTS) {
        KnownShard now = truth.get(SlotShard.of(slot));
        require(node.book.of(slot).equals(now.config(slot)), () -> node.name() + " is behind");
        SlotConfig before = now.config(slot).orElseThrow();
        if (before.isPrimary(node.name())) {
          SlotConfig after = new SlotRules(1).handOver(before, node.name());
          require(node.book.commit(slot, before, after), () -> "not committed: " + after);
          checkTruth();
        }
      }
      nodes.forEach(other -> {
        try {
          other.book.lookAtEverything();
        } catch (IOException e) {
          throw new AssertionError(e);
        }
      });
    }
  }
}
