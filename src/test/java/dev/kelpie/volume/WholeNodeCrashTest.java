package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static dev.kelpie.volume.SectorHistory.SECTOR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.WholeNode;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory.Shape;
import dev.kelpie.volume.SectorHistory.Write;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// All floors of a node on one disk that loses power, or whose process is killed, at a random step:
/// random requests from several tasks in all cache modes, snapshots, clones, deletions and resizes
/// meanwhile, then a start that may itself be cut off, and a look at every sector (I1, I4, I5, I7,
/// I10, I11, I15, I18, I23).
///
/// `-Dseed=` replays a run; every third round has one task, and so hardly depends on who is
/// scheduled when. `-Dwhole.node.rounds=` makes it longer.
final class WholeNodeCrashTest {
  private static final int OBJECT_SECTORS = (int) (OBJECT / SECTOR);
  private static final int OBJECTS_MAX = 3;
  private static final int LIVES = 4;
  private static final int REQUESTS = 60;
  private static final int SNAPSHOTS_MAX = 3;
  private static final int STEPS_MAX = 3000;
  private static final int SIZE_FIELD = 536;
  private static final Duration A_WHILE = Duration.ofMillis(500);
  private static final int WHILES_MAX = 120;

  /// The sectors of each object that requests are about: first, number.
  private static final int[][] ZONES = {{0, 40}, {1000, 30}, {OBJECT_SECTORS - 40, 40}};

  private final List<Model> disks = new ArrayList<>();
  private final AtomicLong tags = new AtomicLong();
  private RandomGenerator chance = new SplittableRandom(0);
  private long crashStep = Long.MAX_VALUE;

  /// A disk as the test knows it. What is not `volatile` belongs to the task that changes the
  /// directory.
  private static final class Model {
    final String name;
    final SectorHistory history = new SectorHistory();
    final Map<Integer, Snapshot> snapshots = new HashMap<>();
    volatile long size;

    /// Whether the disk may not be there: it was being made or deleted.
    boolean inDoubt;

    Model(String name, long size) {
      this.name = name;
      this.size = size;
    }
  }

  /// A snapshot: by sector, what it may hold. It is in doubt while it is being made or deleted.
  private static final class Snapshot {
    final Map<Integer, Set<Long>> content = new HashMap<>();
    final long size;
    boolean inDoubt = true;

    Snapshot(long size) {
      this.size = size;
    }
  }

  @Test
  void everySectorHasAValueThatItMayHaveAfterAnyEnd() throws IOException {
    int rounds = Integer.getInteger("whole.node.rounds", 12);
    for (int round = 0; round < rounds; round++) {
      long seed = Seeds.seed() + round;
      try {
        round(seed);
      } catch (IOException | RuntimeException | Error e) {
        throw new AssertionError("replay with -Dseed=" + seed + " -Dwhole.node.rounds=1", e);
      }
    }
  }

  private void round(long seed) throws IOException {
    chance = new SplittableRandom(seed);
    disks.clear();
    int tasks = seed % 3 == 0 ? 1 : 4;
    crashStep = Long.MAX_VALUE;
    MemoryDisk disk = settings(new MemoryDisk());
    WholeNode node = new WholeNode(disk, WholeNode.Settings.by(chance));
    for (String name : List.of("a", "b")) {
      long size = OBJECT + chance.nextInt(OBJECT_SECTORS) * (long) SECTOR;
      found(node.catalog.create(new VdiName(name), shape(size)));
      disks.add(new Model(name, size));
    }
    for (int life = 0; life < LIVES; life++) {
      node = nextLife(node, tasks);
    }
    deleteAll(node);
    node.assertEmpty();
    node.close();
  }

  // One life of the process.

  private WholeNode nextLife(WholeNode node, int tasks) throws IOException {
    crashSoon(node.disk, STEPS_MAX);
    List<Throwable> failures = run(node, tasks);
    boolean crashed = hasCrashed(node.disk);
    if (!crashed && failures.isEmpty() && chance.nextInt(3) == 0) {
      crashed = closed(node);
      if (!crashed) {
        crashNever(node.disk);
        WholeNode next = new WholeNode(node.disk, WholeNode.Settings.by(chance));
        adopt(next, false);
        return next;
      }
    }
    if (!crashed && !failures.isEmpty()) {
      throw new AssertionError("a request failed: " + failures, failures.getFirst());
    }
    return afterCrash(node);
  }

  /// Whether the end was cut off.
  private boolean closed(WholeNode node) throws IOException {
    try {
      node.close();
      return false;
    } catch (IOException | RuntimeException | SimulatedCrash e) {
      if (!hasCrashed(node.disk)) {
        throw e;
      }
      node.abandon();
      return true;
    }
  }

  /// Starts until a start comes through, and looks at what there is.
  private WholeNode afterCrash(WholeNode node) throws IOException {
    MemoryDisk disk = node.disk;
    boolean everCut = false;
    for (int i = 0; ; i++) {
      boolean cut = chance.nextBoolean();
      everCut |= cut;
      MemoryDisk next = cut ? disk.afterPowerCut(chance, keep()) : disk.afterProcessKill();
      if (i == 0) {
        node.abandon();
      }
      disk = settings(next);
      crashStep = Long.MAX_VALUE;
      if (i < 3 && chance.nextInt(3) == 0) {
        crashSoon(disk, 200);
      }
      try {
        WholeNode started = new WholeNode(disk, WholeNode.Settings.by(chance));
        long crash = crashStep;
        crashNever(disk);
        if (disk.steps() >= crash) { // under a task that the start began
          started.abandon();
          continue;
        }
        adopt(started, everCut);
        return started;
      } catch (IOException | RuntimeException | SimulatedCrash e) {
        if (!hasCrashed(disk)) {
          throw e;
        }
      }
    }
  }

  private MemoryDisk settings(MemoryDisk disk) {
    if (chance.nextBoolean()) {
      disk.writeBackSometimes(new SplittableRandom(chance.nextLong()));
    }
    if (chance.nextInt(3) == 0) {
      disk.countMappedStores();
    }
    return disk;
  }

  private Keep keep() {
    return List.of(Keep.values()).get(chance.nextInt(3));
  }

  private void crashSoon(MemoryDisk disk, int steps) {
    crashStep = disk.steps() + 1 + chance.nextInt(steps);
    disk.crashAt(crashStep);
  }

  private void crashNever(MemoryDisk disk) {
    crashStep = Long.MAX_VALUE;
    disk.crashAt(crashStep);
  }

  private boolean hasCrashed(MemoryDisk disk) {
    return disk.steps() >= crashStep;
  }

  /// Lets the tasks work until they are done or the disk is off.
  ///
  /// @return what went wrong in them while it was on
  private List<Throwable> run(WholeNode node, int tasks) {
    List<Throwable> failures = new ArrayList<>();
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      boolean directs = i == 0;
      Worker worker =
          new Worker(node, new SplittableRandom(chance.nextLong()), directs, tasks == 1);
      running.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  worker.work();
                } catch (IOException | RuntimeException | Error e) {
                  if (!hasCrashed(node.disk)) {
                    synchronized (failures) {
                      failures.add(e);
                    }
                  }
                }
              }));
    }
    for (Thread thread : running) {
      awaitEnd(thread, node);
    }
    return failures;
  }

  /// Waits for a task. When the disk is off it may wait for another one that is no more.
  private void awaitEnd(Thread thread, WholeNode node) {
    try {
      boolean ended = thread.join(A_WHILE);
      for (int i = 0; !ended && !hasCrashed(node.disk) && i < WHILES_MAX; i++) {
        ended = thread.join(A_WHILE);
      }
      if (!ended && hasCrashed(node.disk)) {
        node.abandon();
      } else {
        assertTrue(ended, () -> "a request hangs at " + List.of(thread.getStackTrace()));
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  // What a restart finds.

  private void adopt(WholeNode node, boolean cut) throws IOException {
    for (Model model : List.copyOf(disks)) {
      if (isThere(node, model.name, "", 0)) {
        model.inDoubt = false;
        adopt(node, model, cut);
      } else {
        assertTrue(model.inDoubt, () -> "disk " + model.name + " is gone");
        if (model.snapshots.isEmpty()) {
          disks.remove(model);
        }
      }
    }
  }

  private void adopt(WholeNode node, Model model, boolean cut) throws IOException {
    for (int snapId : List.copyOf(model.snapshots.keySet())) {
      Snapshot snapshot = model.snapshots.get(snapId);
      if (snapshot == null) {
        continue;
      }
      if (isThere(node, model.name, "", snapId)) {
        snapshot.inDoubt = false;
        settle(node, model, snapId, snapshot);
      } else {
        assertTrue(snapshot.inDoubt, () -> "snapshot " + snapId + " of " + model.name + " is gone");
        model.snapshots.remove(snapId);
      }
    }
    try (BlockDevice device = node.open(model.name, Optional.empty(), CacheMode.WRITEBACK)) {
      assertTrue(device.size() >= model.size, () -> model.name + " shrank");
      model.size = device.size();
      Map<Integer, Long> found = new HashMap<>();
      content(device, found);
      String what = model.name + (cut ? " after a power cut," : " after a kill,");
      found.forEach((sector, tag) -> model.history.adopt(sector, tag, cut, what));
    }
  }

  /// Compares a snapshot with what it may hold, which is from now on what it does hold.
  private static void settle(WholeNode node, Model model, int snapId, Snapshot snapshot)
      throws IOException {
    Map<Integer, Long> found = new HashMap<>();
    Optional<String> id = Optional.of(Integer.toString(snapId));
    try (BlockDevice device = node.open(model.name, id, CacheMode.WRITEBACK)) {
      content(device, found);
    }
    found.forEach((sector, tag) -> {
      Set<Long> allowed = snapshot.content.getOrDefault(sector, Set.of(0L));
      assertTrue(
          allowed.contains(tag),
          () ->
              "snapshot "
                  + snapId
                  + " of "
                  + model.name
                  + ", sector "
                  + sector
                  + " is "
                  + tag
                  + ", not one of "
                  + allowed);
      snapshot.content.put(sector, Set.of(tag));
    });
  }

  /// The tags of all sectors that requests are about.
  private static void content(BlockDevice device, Map<Integer, Long> into) throws IOException {
    for (int object = 0; object < OBJECTS_MAX; object++) {
      for (int[] zone : ZONES) {
        int first = object * OBJECT_SECTORS + zone[0];
        int count = (int) Math.min(zone[1], device.size() / SECTOR - first);
        if (count > 0) {
          ByteBuffer bytes = ByteBuffer.allocateDirect(count * SECTOR);
          assertTrue(device.read((long) first * SECTOR, bytes, Patience.WAIT));
          bytes.flip();
          IntStream.range(first, first + count)
              .forEach(sector -> into.put(sector, SectorHistory.tag(bytes, sector)));
        }
      }
    }
  }

  private static boolean isThere(WholeNode node, String name, String tag, int snapId)
      throws IOException {
    return node.catalog.lookup(new VdiName(name), tag, snapId) instanceof VdiAnswer.Found;
  }

  private void deleteAll(WholeNode node) throws IOException {
    for (Model model : disks) {
      if (!model.inDoubt) {
        found(node.catalog.delete(new VdiName(model.name), "", 0));
      }
      for (int snapId : model.snapshots.keySet()) {
        found(node.catalog.delete(new VdiName(model.name), "", snapId));
      }
    }
  }

  private static VdiAnswer.Found found(VdiAnswer answer) {
    return assertInstanceOf(VdiAnswer.Found.class, answer);
  }

  private static Shape shape(long size) {
    return new Shape(size, 0, 0, 0);
  }

  /// A block device and the mode that it was opened with.
  private record Handle(BlockDevice device, CacheMode mode) {}

  /// A task. One of them also changes the directory, and alone uses clones.
  private final class Worker {
    private final WholeNode node;
    private final RandomGenerator dice;
    private final boolean directs;
    private final boolean alone;
    private final Map<Model, Handle> devices = new HashMap<>();

    Worker(WholeNode node, RandomGenerator dice, boolean directs, boolean alone) {
      this.node = node;
      this.dice = dice;
      this.directs = directs;
      this.alone = alone;
    }

    void work() throws IOException {
      List<Model> known = directs ? disks : List.copyOf(disks.subList(0, 2));
      for (int i = 0; i < (alone ? 3 : 1) * REQUESTS; i++) {
        Model model = known.get(dice.nextInt(known.size()));
        int what = dice.nextInt(100);
        if (directs && what < 14) {
          direct(model, what);
        } else {
          request(model, dice.nextInt(100));
        }
      }
      for (Model model : List.copyOf(devices.keySet())) {
        close(model);
      }
    }

    private void request(Model model, int what) throws IOException {
      if (what < 45) {
        write(model);
      } else if (what < 65) {
        read(model);
      } else if (what < 85) {
        clear(model);
      } else if (what < 95) {
        flush(model);
      } else {
        close(model);
      }
    }

    private void direct(Model model, int what) throws IOException {
      switch (what) {
        case 0, 1, 2, 3 -> snapshot(model);
        case 4, 5 -> deleteSnapshot(model);
        case 6, 7, 8 -> cloneOf(model);
        case 9, 10 -> deleteClone(model);
        case 11 -> prefetch(model);
        default -> resize(model);
      }
    }

    private void write(Model model) throws IOException {
      int[] run = run(model);
      BlockDevice device = device(model);
      boolean durable = dice.nextInt(6) == 0;
      boolean promised = durable || handle(model).mode == CacheMode.WRITETHROUGH;
      long tag = tags.incrementAndGet();
      Write write = model.history.begin(tag, run[0], run[1], promised);
      ByteBuffer bytes = SectorHistory.bytes(tag, run[0], run[1]);
      Durability durability = durable ? Durability.DURABLE : Durability.DEFERRED;
      long offset = (long) run[0] * SECTOR;
      if (!dice.nextBoolean() || !device.write(offset, bytes, durability, Patience.NOW)) {
        assertTrue(device.write(offset, bytes, durability, Patience.WAIT));
      }
      model.history.answered(write);
    }

    private void read(Model model) throws IOException {
      int[] run = run(model);
      BlockDevice device = device(model);
      ByteBuffer bytes = ByteBuffer.allocateDirect(run[1] * SECTOR);
      long since = SectorHistory.now();
      Map<Integer, Set<Long>> before = visible(model, run, since);
      assertTrue(device.read((long) run[0] * SECTOR, bytes, Patience.WAIT));
      Map<Integer, Set<Long>> after = visible(model, run, since);
      bytes.flip();
      for (int sector = run[0]; sector < run[0] + run[1]; sector++) {
        long tag = SectorHistory.tag(bytes, sector);
        Set<Long> allowed = after.getOrDefault(sector, Set.of());
        int where = sector;
        assertTrue(
            allowed.contains(tag) || before.getOrDefault(sector, Set.of()).contains(tag),
            () -> model.name + " sector " + where + " reads " + tag + ", not one of " + allowed);
      }
    }

    private Map<Integer, Set<Long>> visible(Model model, int[] run, long since) {
      Map<Integer, Set<Long>> visible = new HashMap<>();
      for (int sector = run[0]; sector < run[0] + run[1]; sector++) {
        visible.put(sector, model.history.visible(sector, since));
      }
      return visible;
    }

    /// Zeros some sectors, or some objects whole.
    private void clear(Model model) throws IOException {
      int sectors = (int) (model.size / SECTOR);
      int[] run = run(model);
      if (dice.nextInt(3) == 0) {
        run[0] = dice.nextInt(OBJECTS_MAX) * OBJECT_SECTORS;
        run[0] = Math.min(run[0], sectors - 1) / OBJECT_SECTORS * OBJECT_SECTORS;
        run[1] = Math.min((1 + dice.nextInt(2)) * OBJECT_SECTORS, sectors - run[0]);
      }
      BlockDevice device = device(model);
      boolean durable = dice.nextInt(4) == 0;
      Write write = model.history.begin(0, run[0], run[1], durable);
      Durability durability = durable ? Durability.DURABLE : Durability.DEFERRED;
      long offset = (long) run[0] * SECTOR;
      if (dice.nextBoolean()) {
        device.trim(offset, (long) run[1] * SECTOR, durability);
      } else {
        device.zero(offset, (long) run[1] * SECTOR, dice.nextInt(4) == 0, durability);
      }
      model.history.answered(write);
    }

    private void flush(Model model) throws IOException {
      BlockDevice device = device(model);
      long start = SectorHistory.now();
      device.flush();
      model.history.flushed(start);
    }

    private void prefetch(Model model) throws IOException {
      int[] run = run(model);
      device(model).prefetch((long) run[0] * SECTOR, (long) run[1] * SECTOR);
    }

    private void snapshot(Model model) throws IOException {
      if (model.snapshots.size() == SNAPSHOTS_MAX) {
        deleteSnapshot(model);
        return;
      }
      VdiName name = new VdiName(model.name);
      VdiAnswer.Found current = found(node.catalog.lookup(name, "", 0));
      int snapId = node.catalog.state(current.vdi()).orElseThrow().snapId();
      Snapshot snapshot = new Snapshot(model.size);
      model.snapshots.put(snapId, snapshot);
      long start = SectorHistory.now();
      try {
        found(node.catalog.snapshot(name, current.vdi(), shape(0)));
        model.history.flushed(start);
        snapshot.inDoubt = false;
      } finally {
        // Also where it was cut off: it may be there.
        hotSectors(model.size)
            .forEach(s -> snapshot.content.put(s, model.history.visible(s, start)));
      }
      settle(node, model, snapId, snapshot);
    }

    private void deleteSnapshot(Model model) throws IOException {
      Optional<Integer> snapId = anySnapshot(model);
      if (snapId.isPresent()) {
        snapshotOf(model, snapId.get()).inDoubt = true;
        found(node.catalog.delete(new VdiName(model.name), "", snapId.get()));
        model.snapshots.remove(snapId.get());
      }
    }

    private void cloneOf(Model model) throws IOException {
      Optional<Integer> snapId = anySnapshot(model);
      if (snapId.isEmpty() || disks.size() >= 4) {
        return;
      }
      Snapshot snapshot = snapshotOf(model, snapId.get());
      VdiAnswer.Found base = found(node.catalog.lookup(new VdiName(model.name), "", snapId.get()));
      Model clone = new Model("clone" + tags.incrementAndGet(), snapshot.size);
      clone.inDoubt = true;
      snapshot.content.forEach((sector, all) -> all.forEach(tag -> clone.history.set(sector, tag)));
      disks.add(clone);
      found(node.catalog.clone(new VdiName(clone.name), base.vdi(), shape(snapshot.size)));
      clone.inDoubt = false;
    }

    private void deleteClone(Model model) throws IOException {
      if (disks.indexOf(model) >= 2 && model.snapshots.isEmpty()) {
        close(model);
        model.inDoubt = true;
        found(node.catalog.delete(new VdiName(model.name), "", 0));
        disks.remove(model);
      }
    }

    private void resize(Model model) throws IOException {
      long larger =
          Math.min(OBJECTS_MAX * OBJECT, model.size + dice.nextInt(OBJECT_SECTORS) * (long) SECTOR);
      VdiAnswer.Found current = found(node.catalog.lookup(new VdiName(model.name), "", 0));
      ByteBuffer field = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(
          Outcome.DONE,
          node.catalog
              .clientObjects()
              .write(
                  ObjectId.inode(current.vdi()),
                  SIZE_FIELD,
                  field.putLong(0, larger),
                  CacheMode.WRITETHROUGH,
                  Durability.DURABLE,
                  Patience.WAIT));
      model.size = larger;
    }

    private void close(Model model) throws IOException {
      Handle handle = devices.remove(model);
      if (handle != null) {
        long start = SectorHistory.now();
        handle.device.close();
        model.history.flushed(start);
      }
    }

    private Handle handle(Model model) throws IOException {
      Handle handle = devices.get(model);
      if (handle == null) {
        CacheMode mode = mode();
        handle = new Handle(node.open(model.name, Optional.empty(), mode), mode);
        devices.put(model, handle);
      }
      return handle;
    }

    private BlockDevice device(Model model) throws IOException {
      return handle(model).device;
    }

    private CacheMode mode() {
      return switch (dice.nextInt(5)) {
        case 0 -> CacheMode.DIRECT;
        case 1 -> CacheMode.WRITETHROUGH;
        default -> CacheMode.WRITEBACK;
      };
    }

    /// First and number of some sectors, in one zone or over the border of two objects.
    private int[] run(Model model) {
      int sectors = (int) (model.size / SECTOR);
      int[] zone = ZONES[dice.nextInt(ZONES.length)];
      int first = dice.nextInt(OBJECTS_MAX) * OBJECT_SECTORS + zone[0] + dice.nextInt(zone[1]);
      if (first >= sectors) {
        first = dice.nextInt(ZONES[0][1]);
      }
      int inObject = first % OBJECT_SECTORS;
      int left = 0;
      for (int[] z : ZONES) {
        if (inObject >= z[0] && inObject < z[0] + z[1]) {
          left = z[0] + z[1] - inObject + (z[0] + z[1] == OBJECT_SECTORS ? ZONES[0][1] : 0);
        }
      }
      int count = 1 + dice.nextInt(dice.nextInt(4) == 0 ? left : Math.min(left, 9));
      return new int[] {first, Math.min(count, sectors - first)};
    }

    private Optional<Integer> anySnapshot(Model model) {
      List<Integer> ids = List.copyOf(model.snapshots.keySet());
      return ids.isEmpty() ? Optional.empty() : Optional.of(ids.get(dice.nextInt(ids.size())));
    }
  }

  private static Snapshot snapshotOf(Model model, int snapId) {
    Snapshot snapshot = model.snapshots.get(snapId);
    if (snapshot == null) {
      throw new AssertionError("no snapshot " + snapId);
    }
    return snapshot;
  }

  private static IntStream hotSectors(long size) {
    return IntStream.range(0, OBJECTS_MAX)
        .flatMap(object ->
            List.of(ZONES).stream()
                .flatMapToInt(zone -> IntStream.range(zone[0], zone[0] + zone[1]))
                .map(sector -> object * OBJECT_SECTORS + sector))
        .filter(sector -> sector < size / SECTOR);
  }
}
