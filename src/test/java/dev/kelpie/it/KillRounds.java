package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.kelpie.platform.Network;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/// Rounds on one base directory: check what the last kill left, load the disks, take and delete
/// snapshots and disks meanwhile, kill at some moment.
final class KillRounds {
  private static final long SIZE = 24L << 20;
  private static final long SIZE_SMALL = 8L << 20;
  private static final int CLIENTS_PER_DISK = 2;
  private static final int SNAPSHOTS_MAX = 3;

  /// A kill comes after at most this many answers.
  private static final int ANSWERS_MAX = 4000;

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final List<String> MODES =
      List.of("", "", "", "?cache=writethrough", "?cache=none");

  private final SheepProcess sheep;
  private final RandomGenerator random;
  private final Network network;
  private final List<LoadedDisk> disks = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicBoolean stop = new AtomicBoolean();
  private int kills;
  private int killsAtStart;
  private int snapshots;
  private int names;
  private long answeredInAll;

  KillRounds(SheepProcess sheep, RandomGenerator random) {
    this.sheep = sheep;
    this.random = random;
    this.network = JvmPlatform.open((_, e) -> failure.compareAndSet(null, e)).network();
  }

  /// Makes a cluster and two disks.
  void begin() {
    sheep.start().format();
    for (String name : List.of("a", "b")) {
      create(new LoadedDisk(name, SIZE), SIZE);
    }
  }

  private boolean create(LoadedDisk disk, long size) {
    disks.add(disk);
    Ran ran = sheep.dog("vdi", "create", disk.name(), "" + size);
    if (ran.status() == 0) {
      disk.created();
    }
    return ran.status() == 0;
  }

  /// Loads, kills, restarts and checks.
  void round() throws Exception {
    long from = answered.get();
    List<Thread> threads = load();
    long wanted = Math.round(Math.pow(ANSWERS_MAX, random.nextDouble()));
    Thread admin = threads.getLast();
    boolean wholeAdmin = random.nextBoolean();
    Await.until(
        "there are " + wanted + " answers",
        LIMIT,
        () ->
            failure.get() != null
                || (answered.get() - from >= wanted && !(wholeAdmin && admin.isAlive())));
    kill(threads);
    answeredInAll = answered.get();
    if (random.nextInt(8) == 0) {
      killAtStart();
    }
    sheep.start();
    check();
  }

  private void kill(List<Thread> threads) throws InterruptedException, IOException {
    sheep.kill();
    kills++;
    for (Thread thread : threads) {
      if (!thread.join(LIMIT)) {
        throw new AssertionError("'" + thread.getName() + "' goes on after the kill");
      }
    }
    disks.forEach(disk -> disk.stamps().killed());
    assertNoFailure();
    assertFalse(sheep.log().contains("PANIC"), sheep::log);
    putLogAside();
  }

  /// Each start begins a new log; the last one is kept to look at.
  private void putLogAside() throws IOException {
    Path log = sheep.base().resolve("sheep.log");
    if (Files.exists(log)) {
      Files.move(log, sheep.base().resolveSibling("last.log"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /// A kill before the daemon serves, while it takes up what the last one left.
  private void killAtStart() throws InterruptedException, IOException {
    Process starting = sheep.launch();
    int lines = 1 + random.nextInt(6);
    Await.until(
        "it says something",
        LIMIT,
        () -> !starting.isAlive() || sheep.log().lines().count() >= lines || serves());
    killsAtStart++;
    kill(List.of());
  }

  private boolean serves() {
    return sheep.log().contains("sheepdog daemon (version ");
  }

  private void assertNoFailure() {
    Throwable found = failure.get();
    if (found != null) {
      throw new AssertionError("under load: " + found.getMessage(), found);
    }
  }

  private List<Thread> load() {
    List<Thread> threads = new ArrayList<>();
    for (LoadedDisk disk : disks) {
      for (int i = 0; i < CLIENTS_PER_DISK; i++) {
        String export = disk.name() + MODES.get(random.nextInt(MODES.size()));
        RandomGenerator own = new java.util.SplittableRandom(random.nextLong());
        StampingClient client =
            new StampingClient(
                LoadedDisk.connect(network, sheep.nbdPort(), export),
                disk.stamps(),
                own,
                answered,
                stop);
        threads.add(start("load " + export, client));
      }
    }
    threads.add(start("admin", admin()));
    return threads;
  }

  private Thread start(String name, Runnable task) {
    return Thread.ofPlatform()
        .name(name)
        .uncaughtExceptionHandler((_, e) -> failure.compareAndSet(null, e))
        .start(task);
  }

  /// Something for `dog` to do while the disks are loaded. It fails when the daemon is killed
  /// meanwhile, and then may have been done or not.
  private Runnable admin() {
    LoadedDisk disk = disks.get(random.nextInt(2));
    return switch (random.nextInt(4)) {
      case 0 -> () -> snapshot(disk);
      case 1 ->
          disk.snapshots().size() < SNAPSHOTS_MAX
              ? () -> snapshot(disk)
              : () -> deleteSnapshot(disk, disk.snapshots().getFirst());
      case 2 -> {
        LoadedDisk small = new LoadedDisk("small" + names++, SIZE_SMALL);
        yield disks.size() == 2 ? () -> create(small, SIZE_SMALL) : () -> snapshot(disk);
      }
      default -> () -> {};
    };
  }

  private void snapshot(LoadedDisk disk) {
    LoadedDisk.Snapshot snapshot = disk.snapshotBegins("t" + names++);
    if (sheep.dog("vdi", "snapshot", "-s", snapshot.tag(), disk.name()).status() == 0) {
      disk.snapshotTaken(snapshot);
      snapshots++;
    }
  }

  private void deleteSnapshot(LoadedDisk disk, LoadedDisk.Snapshot snapshot) {
    snapshot.goes();
    sheep.dog("vdi", "delete", "-s", snapshot.tag(), disk.name());
  }

  /// Looks at everything after a restart.
  private void check() throws IOException {
    List<String> list = sheep.dog("vdi", "list", "-r").ok().out().lines().toList();
    for (LoadedDisk disk : List.copyOf(disks)) {
      disk.settleSnapshots(tags(list, disk.name()));
      boolean there = list.stream().anyMatch(line -> isWorking(line, disk.name()));
      if (!there) {
        assertEquals(false, disk.isCertain(), () -> disk.name() + " is lost: " + list);
        disks.remove(disk);
        continue;
      }
      disk.created();
      disk.settle(network, sheep.nbdPort());
      checkSnapshots(disk);
    }
    assertEquals(disks.size(), list.stream().filter(line -> !line.startsWith("s ")).count());
    if (disks.size() > 2 && random.nextBoolean()) {
      delete(disks.removeLast());
    }
  }

  private void checkSnapshots(LoadedDisk disk) throws IOException {
    for (LoadedDisk.Snapshot snapshot : List.copyOf(disk.snapshots())) {
      if (snapshot.going()) {
        deleteSnapshot(disk, snapshot);
        disk.snapshots().remove(snapshot);
      } else {
        disk.check(snapshot, network, sheep.nbdPort());
      }
    }
  }

  private void delete(LoadedDisk disk) {
    for (LoadedDisk.Snapshot snapshot : disk.snapshots()) {
      deleteSnapshot(disk, snapshot);
    }
    sheep.dog("vdi", "delete", disk.name()).ok();
  }

  /// The tags of a VDI's snapshots in what `dog vdi list -r` printed: the tenth field.
  private static List<String> tags(List<String> list, String name) {
    return list.stream()
        .map(line -> line.split(" ", -1))
        .filter(fields -> fields[0].equals("s") && fields[1].equals(name))
        .map(fields -> fields[9])
        .toList();
  }

  private static boolean isWorking(String line, String name) {
    return !line.startsWith("s ") && line.split(" ", -1)[1].equals(name);
  }

  /// Deletes every disk, after which no object may be left (I23).
  void deleteAll() {
    disks.forEach(this::delete);
    assertEquals("", sheep.dog("vdi", "list", "-r").ok().out());
    Await.until("no object is left in the store", this::hasNoObjects);
  }

  private boolean hasNoObjects() throws IOException {
    try (Stream<Path> files = Files.walk(sheep.base().resolve("store/obj"))) {
      return files.noneMatch(Files::isRegularFile);
    } catch (UncheckedIOException _) {
      return false; // one went while the directory was read: there were some
    }
  }

  @Override
  public String toString() {
    return kills
        + " kills, "
        + killsAtStart
        + " of them during a start, "
        + snapshots
        + " snapshots, "
        + answeredInAll
        + " answers";
  }
}
