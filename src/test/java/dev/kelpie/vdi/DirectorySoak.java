package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.MemoryCluster.Fate;
import dev.kelpie.vdi.VdiAnswer.Found;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// One directory used by three nodes, by chance, in three parts: one operation after the other,
/// each on some node, compared with a model; all nodes at once, with faults, until one dies; and
/// what must hold in the end.
public final class DirectorySoak implements AutoCloseable {
  private static final int NODES = 3;
  private static final int STEPS = 40;
  private static final int STEPS_AT_ONCE = 25;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// Two of them have the same hash.
  private static final List<String> NAMES = names();

  private final SplittableRandom chance;
  private final TestCluster cluster = new TestCluster(NODES);
  private final Map<String, Disk> model = new TreeMap<>();
  private int stamps;

  /// What there should be of a name.
  private static final class Disk {
    final List<Integer> snapshots = new ArrayList<>();
    int working;
    int stamp;
  }

  private DirectorySoak(long seed) throws IOException {
    chance = new SplittableRandom(seed);
  }

  /// Runs until a run fails.
  ///
  /// @return the seed that failed, and how; empty where none did in time
  public static Optional<String> firstFailure(long[] seeds, long millis) {
    long deadline = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    for (long seed : seeds) {
      if (System.nanoTime() > deadline) {
        break;
      }
      try {
        run(seed);
      } catch (AssertionError | Exception e) {
        return Optional.of("seed " + seed + ": " + e);
      }
    }
    return Optional.empty();
  }

  /// One run.
  public static void run(long seed) throws Exception {
    try (DirectorySoak soak = new DirectorySoak(seed)) {
      for (int i = 0; i < STEPS; i++) {
        soak.step();
      }
      soak.takeOver();
      soak.allAtOnce(seed);
      soak.checkEnd();
    }
  }

  private TestCluster.Node any() {
    return cluster.nodes.get(chance.nextInt(cluster.nodes.size()));
  }

  // One after the other.

  private void step() throws IOException {
    String name = NAMES.get(chance.nextInt(NAMES.size()));
    Disk disk = model.computeIfAbsent(name, _ -> new Disk());
    TestCluster.Node node = any();
    switch (chance.nextInt(7)) {
      case 0 -> {
        VdiAnswer answer = node.create(name);
        if (disk.working != 0) {
          expect(
              answer.equals(new Refused(Reason.VDI_EXIST)), "a second create of " + name, answer);
        } else {
          disk.stamp = 0;
          born(disk, answer);
        }
      }
      case 1 -> {
        VdiAnswer answer = node.snapshot(name);
        if (disk.working == 0) {
          expect(answer.equals(new Refused(Reason.NO_VDI)), "a snapshot of no " + name, answer);
        } else {
          disk.snapshots.add(disk.working);
          born(disk, answer);
        }
      }
      case 2 -> {
        VdiAnswer answer = node.delete(name, 0);
        expect((disk.working != 0) == answer instanceof Found, "a deletion of " + name, answer);
        disk.working = 0;
      }
      case 3 -> {
        if (!disk.snapshots.isEmpty()) {
          int id = disk.snapshots.get(chance.nextInt(disk.snapshots.size()));
          disk.snapshots.removeIf(snapshot -> snapshot == id);
          VdiAnswer answer = node.delete(name, id);
          expect(answer instanceof Found, "a deletion of " + name + ", snapshot " + id, answer);
        }
      }
      default -> writeAndRead(name, disk, node);
    }
    List<String> expected = new ArrayList<>();
    model.forEach((n, d) -> d.snapshots.forEach(id -> expected.add(n + " " + id + " true")));
    model.forEach((n, d) ->
        expected.addAll(d.working == 0 ? List.of() : List.of(n + " " + d.working + " false")));
    expected.sort(String::compareTo);
    List<String> seen =
        any().states().stream()
            .map(s -> s.name() + " " + s.snapId() + " " + s.snapshot())
            .sorted()
            .toList();
    expect(expected.equals(seen), "the list, not " + expected, seen);
  }

  private void born(Disk disk, VdiAnswer answer) throws IOException {
    expect(answer instanceof Found, "a new VDI", answer);
    VdiId vdi = ((Found) answer).vdi();
    disk.working = any().catalog.state(vdi).orElseThrow().snapId();
  }

  private void writeAndRead(String name, Disk disk, TestCluster.Node node) throws IOException {
    if (disk.working == 0) {
      expect(node.attach(name) instanceof Exports.Answer.Refused, "nothing to attach", name);
      return;
    }
    try (BlockDevice device = node.open(name)) {
      expect(read(device) == disk.stamp, "stamp " + disk.stamp, read(device));
      disk.stamp = ++stamps;
      write(device, disk.stamp);
      TestCluster.Node other = any();
      if (other != node) {
        expect(other.attach(name) instanceof Exports.Answer.Refused, "attached twice", name);
      }
    }
  }

  /// A node dies with writes that it has not flushed.
  private void takeOver() throws IOException {
    TestCluster.Node victim = any();
    expect(victim.create("victim") instanceof Found, "a new VDI", "victim");
    VdiId vdi = ((Found) victim.catalog.lookup(new VdiName("victim"), "", 0)).vdi();
    victim.open("victim");
    victim.leases.markUnflushed(vdi);
    victim.handle.die();
    cluster.nodes.remove(victim);
    victim.close();
    try (BlockDevice device = any().open("victim")) {
      boolean told = false;
      try {
        device.flush();
      } catch (IOException _) {
        told = true;
      }
      expect(told, "a loss that is told", "a flush that succeeds");
    }
    cluster.start(victim.name);
  }

  private static void write(BlockDevice device, int stamp) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * 128).putInt(0, stamp);
    device.write(0, bytes, Durability.DEFERRED, Patience.WAIT);
  }

  private static int read(BlockDevice device) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES);
    device.read(0, bytes, Patience.WAIT);
    return bytes.getInt(0);
  }

  // All at once.

  private void allAtOnce(long seed) throws Exception {
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      TestCluster.Node node = cluster.nodes.get(i);
      SplittableRandom own = new SplittableRandom(seed * 31 + i);
      int deathAfter = i == 0 ? own.nextInt(60) : Integer.MAX_VALUE;
      SplittableRandom fates = new SplittableRandom(seed * 17 + i);
      long[] commits = new long[1];
      node.handle.fates(_ -> {
        synchronized (fates) {
          return fate(fates, ++commits[0] == deathAfter);
        }
      });
      Thread thread =
          Thread.ofVirtual()
              .unstarted(() -> {
                try {
                  work(node, own);
                } catch (RuntimeException | Error e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      expect(thread.join(LIMIT), "all nodes come to an end", thread);
    }
    for (Throwable failure : failures) {
      throw new AssertionError("a node's work", failure);
    }
    for (TestCluster.Node node : List.copyOf(cluster.nodes)) {
      node.handle.fates(_ -> Fate.ANSWERED);
      if (node.handle.isDead()) {
        cluster.nodes.remove(node);
        node.close();
        cluster.start(node.name);
      }
    }
  }

  private static Fate fate(SplittableRandom chance, boolean death) {
    if (death) {
      return chance.nextBoolean() ? Fate.DEATH_BEFORE : Fate.DEATH_AFTER;
    }
    return switch (chance.nextInt(80)) {
      case 0 -> Fate.MADE_IN_DOUBT;
      case 1 -> Fate.LOST_IN_DOUBT;
      case 2 -> Fate.FAILED;
      default -> Fate.ANSWERED;
    };
  }

  private static void work(TestCluster.Node node, SplittableRandom chance) {
    for (int i = 0; i < STEPS_AT_ONCE && !node.handle.isDead(); i++) {
      String name = NAMES.get(chance.nextInt(NAMES.size()));
      try {
        switch (chance.nextInt(5)) {
          case 0, 1 -> node.create(name);
          case 2 -> node.snapshot(name);
          case 3 -> node.delete(name, chance.nextInt(4));
          default -> {
            if (node.attach(name) instanceof Exports.Answer.Opened(BlockDevice device)) {
              try (device) {
                write(device, i);
              }
            }
          }
        }
      } catch (IOException e) {
        expect(!(e instanceof VdiTable.Outdated), "an answer", e);
      }
    }
  }

  // In the end.

  private void checkEnd() throws IOException {
    List<VdiDirectory.State> all = any().states();
    for (TestCluster.Node node : cluster.nodes) {
      expect(all.equals(node.states()), "the same list everywhere", node.states());
      expect(all.equals(cluster.nodes.getFirst().states()), "one list", all);
    }
    Set<String> working = new HashSet<>();
    Set<String> numbers = new HashSet<>();
    for (VdiDirectory.State state : all) {
      String name = state.name().value();
      expect(state.snapshot() || working.add(name), "one working VDI", all);
      expect(numbers.add(name + " " + state.snapId()), "each number once", all);
      byte[] inode = cluster.store.bytes(ObjectId.inode(state.vdi())).orElse(new byte[0]);
      expect(inode.length > 0, "an inode of " + state, "none");
      InodeHeader stored = InodeHeader.decode(inode);
      expect(stored.name().equals(name), "the inode of " + name, stored);
      expect(stored.snapId() == state.snapId(), "the inode of number " + state.snapId(), stored);
      InodeHeader shown = any().header(state.vdi());
      expect((shown.snapTime() != 0) == state.snapshot(), "the inode of " + state, shown);
    }
    for (VdiDirectory.State state : all) {
      if (!state.snapshot()) {
        any().open(state.name().value()).close();
      }
    }
    Map<VdiId, String> owners = new HashMap<>();
    for (TestCluster.Node node : cluster.nodes) {
      for (VdiId vdi : node.leases.all()) {
        String other = owners.put(vdi, node.name);
        expect(other == null, "one owner", vdi + ": " + other + " and " + node.name);
      }
    }
  }

  private static void expect(boolean so, String what, Object instead) {
    if (!so) {
      throw new AssertionError("expected " + what + ", and it is " + instead);
    }
  }

  private static List<String> names() {
    Map<Integer, String> bySlot = new HashMap<>();
    for (int i = 0; ; i++) {
      String name = "c" + i;
      String other = bySlot.put(SheepHash.vdiSlot(new VdiName(name).bytes()), name);
      if (other != null) {
        return List.of(other, name, "vm1", "vm2");
      }
    }
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}
