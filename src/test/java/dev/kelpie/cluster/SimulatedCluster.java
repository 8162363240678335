package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Seat.State;
import dev.kelpie.log.Log;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// Several [Membership]s on a simulated coordination service, network and time, in one thread: one
/// seed, one run. Nodes are cut off, paused in the middle of a call, killed and started again; the
/// service is restored from a backup. After each event the invariants are checked:
///
/// * who may serve is in the service's map, in this life, as up (nobody else takes it for dead);
/// * no two nodes ever follow different maps of one epoch, and no node goes back;
/// * in the end, when all faults are over, all nodes serve under one map, and one leads.
public final class SimulatedCluster {
  private static final Format FORMAT = new Format(1L << 32, 2, 0, 0, "plain");
  private static final long SECOND = 1_000_000_000L;

  /// How long nothing fails in the end: long enough for whoever flapped.
  private static final int CALM_SECONDS = 200;

  /// How deep the events nest that happen while a node is in a call.
  private static final int DEPTH_MAX = 3;

  private final SplittableRandom chance;
  private final SimulatedRecords records = new SimulatedRecords();
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Integer, List<Seat>> maps = new HashMap<>();
  private final StringBuilder history = new StringBuilder();
  private Map<String, Stored> backup = Map.of();
  private boolean restored;
  private boolean faults = true;
  private int depth;

  private SimulatedCluster(long seed, int count) throws IOException {
    chance = new SplittableRandom(seed);
    for (int i = 0; i < count; i++) {
      nodes.add(new Node(i));
    }
    ClusterBook book =
        new ClusterBook(new SimulatedHandle(records, new SimulatedClock(1), () -> {}));
    book.format(FORMAT, List.of(), Instant.EPOCH);
    backup = records.backup();
  }

  /// A node of the cluster; the process on it may not be there.
  private final class Node {
    private final int number;
    private final Member member;
    private final MemoryDisk disk = new MemoryDisk();
    private final Path directory = disk.directories("/node");
    private final SimulatedClock clock = new SimulatedClock(0.95 + chance.nextInt(11) / 100.0);
    private Optional<Running> process = Optional.empty();
    private boolean busy;
    private long nextRenewal;
    private int lastEpoch;

    Node(int number) {
      this.number = number;
      this.member =
          new Member(InetAddress.getLoopbackAddress(), 7000 + number, 128, number, 1 << 30);
    }

    void start() throws IOException {
      SimulatedHandle handle = new SimulatedHandle(records, clock, () -> inCall(this));
      ClusterBook book = new ClusterBook(handle);
      EpochMemory memory = new EpochMemory(disk, directory);
      Membership membership =
          new Membership(
              handle,
              book,
              memory,
              MapSettings.DEFAULT,
              clock,
              () -> chance.nextLong(1, Long.MAX_VALUE),
              Log.NONE,
              new Identity(member, "node " + number),
              new HomeCluster(disk, directory, Holdings.NONE));
      process = Optional.of(new Running(handle, membership));
    }

    void step() {
      if (busy || process.isEmpty()) {
        return;
      }
      busy = true;
      try {
        process.get().membership.step();
      } catch (IOException _) {
        // The next step tries again.
      } finally {
        busy = false;
      }
    }

    void renew() {
      if (!busy && process.isPresent() && clock.nanos() >= nextRenewal) {
        nextRenewal = clock.nanos() + SimulatedRecords.TIMEOUT / 6;
        busy = true;
        try {
          process.get().handle.renew();
        } finally {
          busy = false;
        }
      }
    }
  }

  private record Running(SimulatedHandle handle, Membership membership) {}

  /// Runs a cluster of three to five nodes through some hundred events.
  ///
  /// @throws AssertionError where an invariant does not hold, with what happened
  public static void run(long seed, int events) throws IOException {
    SimulatedCluster cluster = new SimulatedCluster(seed, 3 + (int) Math.floorMod(seed, 3L));
    try {
      for (Node node : cluster.nodes) {
        node.start();
      }
      for (int i = 0; i < events; i++) {
        cluster.event();
      }
      cluster.calm();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + " after " + cluster.history, e);
    }
  }

  private void event() throws IOException {
    Node node = nodes.get(chance.nextInt(nodes.size()));
    switch (chance.nextInt(40)) {
      case 0 -> cut(node, SimulatedHandle.Cut.BOTH);
      case 1 -> cut(node, SimulatedHandle.Cut.ANSWERS);
      case 2, 3, 4 -> cut(node, SimulatedHandle.Cut.NONE);
      case 5 -> kill(node);
      case 6, 7 -> start(node);
      case 8 -> note("backup", () -> backup = records.backup());
      case 9 -> restore();
      case 10, 11 -> pass(chance.nextLong(30 * SECOND));
      case 12, 13, 14, 15 -> pass(chance.nextLong(3 * SECOND));
      default -> {
        pass(chance.nextLong(SECOND / 2));
        node.step();
      }
    }
    check();
  }

  /// What may happen while a node is in a call: others go on, and time passes.
  private void inCall(Node node) {
    if (!faults || depth == DEPTH_MAX || chance.nextInt(12) != 0) {
      return;
    }
    depth++;
    try {
      note("pause of " + node.number, () -> {});
      int events = 1 + chance.nextInt(8);
      for (int i = 0; i < events; i++) {
        pass(chance.nextLong(6 * SECOND));
        nodes.get(chance.nextInt(nodes.size())).step();
        check();
      }
    } finally {
      depth--;
    }
  }

  private void cut(Node node, SimulatedHandle.Cut what) {
    node.process.ifPresent(
        p -> note("cut " + what + " of " + node.number, () -> p.handle.cut(what)));
  }

  private void kill(Node node) {
    if (!node.busy) {
      note("kill of " + node.number, () -> node.process = Optional.empty());
    }
  }

  private void start(Node node) throws IOException {
    if (node.process.isEmpty() && !node.busy) {
      note("start of " + node.number, () -> {});
      node.start();
    }
  }

  private void restore() {
    if (chance.nextInt(4) == 0) {
      note("restore", () -> records.restore(backup));
      restored = true;
    }
  }

  private void note(String what, Runnable event) {
    history.append(what).append("; ");
    event.run();
  }

  /// Lets time pass in small parts, in which nodes that are not in a call show that they live.
  private void pass(long nanos) {
    long left = nanos;
    while (left > 0) {
      long part = Math.min(left, SECOND / 2);
      left -= part;
      records.advance(part);
      nodes.forEach(node -> node.clock.advance(part));
      nodes.forEach(Node::renew);
    }
  }

  private void check() {
    Optional<Cluster> truth = truth();
    for (Node node : nodes) {
      if (node.process.isEmpty()) {
        continue;
      }
      Membership membership = node.process.get().membership;
      checkMap(node, membership);
      // A node that was restored under finds it out when it next looks.
      if (membership.mayServe() && !restored) {
        boolean up =
            truth
                .flatMap(c -> c.seat(node.member))
                .filter(s -> s.isUp(membership.incarnation()))
                .isPresent();
        if (!up) {
          throw new AssertionError("node " + node.number + " serves and is not up in the map");
        }
      }
    }
  }

  private void checkMap(Node node, Membership membership) {
    if (membership.map().isEmpty()) {
      return;
    }
    Cluster map = membership.map().get();
    int epoch = map.current().number();
    if (epoch < node.lastEpoch) {
      throw new AssertionError(
          "node " + node.number + " went back from epoch " + node.lastEpoch + " to " + epoch);
    }
    node.lastEpoch = epoch;
    List<Seat> known = maps.putIfAbsent(epoch, map.seats());
    if (known != null && !known.equals(map.seats()) && !restored) {
      throw new AssertionError("two maps of epoch " + epoch + ": " + known + " and " + map.seats());
    }
  }

  private Optional<Cluster> truth() {
    try {
      Optional<Stored> stored = records.read("cluster");
      return stored.isPresent()
          ? Optional.of(ClusterRecord.decode(stored.get().value()))
          : Optional.empty();
    } catch (IOException e) {
      throw new AssertionError("the record", e);
    }
  }

  /// Ends all faults, and expects that all is well after a while. Where the service lost epochs, an
  /// operator has to decide: then it is enough that nothing went wrong.
  private void calm() throws IOException {
    faults = false;
    for (Node node : nodes) {
      if (node.process.isEmpty()) {
        node.start();
      }
      node.process.orElseThrow().handle.cut(SimulatedHandle.Cut.NONE);
    }
    for (int i = 0; i < CALM_SECONDS; i++) {
      pass(SECOND);
      nodes.forEach(Node::step);
      check();
    }
    if (restored) {
      return;
    }
    int leaders = 0;
    for (Node node : nodes) {
      Membership membership = node.process.orElseThrow().membership;
      if (!membership.mayServe()) {
        throw new AssertionError("node " + node.number + " does not serve in the end: " + truth());
      }
      leaders += membership.leads() ? 1 : 0;
    }
    if (leaders != 1) {
      throw new AssertionError(leaders + " leaders in the end");
    }
    boolean allUp =
        truth().orElseThrow().seats().stream().allMatch(seat -> seat.state() == State.UP);
    if (!allUp) {
      throw new AssertionError("somebody is not up in the end: " + truth());
    }
  }
}
