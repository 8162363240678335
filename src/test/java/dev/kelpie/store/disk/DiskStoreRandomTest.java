package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// I1, I4, I6, I12: random changes by one or several tasks, crashes in between, and every time what
/// is left is one of the states that the answers allow.
final class DiskStoreRandomTest {
  private static final VdiId[] VDIS = {new VdiId(1), new VdiId(2)};
  private static final int ROUNDS = Integer.getInteger("store.rounds", 40);
  private static final int LIVES = 4;
  private static final int OPERATIONS = 60;
  private static final int STEPS_OF_A_START = 30;

  private final RandomGenerator seeds = Seeds.generator("DiskStoreRandomTest");

  /// One task, and nothing in the background: the same seed gives the same run. `-Dstore.round=`
  /// runs one round again.
  @Test
  void oneTask() throws Exception {
    Long again = Long.getLong("store.round");
    for (int round = 0; again == null && round < ROUNDS; round++) {
      rounds(seeds.nextLong(), 1, false);
    }
    if (again != null) {
      rounds(again, 1, false);
    }
  }

  @Test
  void severalTasksAndCheckpointsInTheBackground() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      rounds(seeds.nextLong(), 4, true);
    }
  }

  private static void rounds(long seed, int tasks, boolean background) throws Exception {
    RandomGenerator chance = new SplittableRandom(seed);
    MemoryDisk disk = new MemoryDisk();
    List<Path> paths = new ArrayList<>(List.of(disk.mount("/one")));
    if (chance.nextBoolean()) {
      paths.add(disk.mount("/two"));
    }
    DiskStore.prepare(TestPlatform.real(disk), Log.NONE, paths);
    DiskStoreConfig config = config(chance, background);
    StoreModel model = new StoreModel();
    try {
      Left left = new Left(disk, false);
      for (int life = 0; life < LIVES; life++) {
        if (chance.nextBoolean()) {
          left.disk.writeBackSometimes(new SplittableRandom(chance.nextLong()));
        }
        left = live(left, paths, config, model, tasks, chance);
      }
    } catch (AssertionError | Exception failure) {
      throw new AssertionError("in the round with the seed " + seed, failure);
    }
  }

  /// What an end leaves.
  ///
  /// @param killed whether the kernel still has everything that was answered
  private record Left(MemoryDisk disk, boolean killed) {
    Left crashed(RandomGenerator chance) {
      return killed && chance.nextBoolean()
          ? new Left(disk.afterProcessKill(), true)
          : new Left(disk.afterPowerCut(chance, Keep.RANDOM), false);
    }
  }

  private static DiskStoreConfig config(RandomGenerator chance, boolean background) {
    return new DiskStoreConfig(
        (32 << 10) + 512 * chance.nextInt(100),
        1 + chance.nextInt(5),
        chance.nextInt(50_000),
        1 + chance.nextInt(6),
        1 + chance.nextInt(3),
        1 + chance.nextInt(3),
        background);
  }

  /// One start of the store, with an end of any kind.
  private static Left live(
      Left left,
      List<Path> paths,
      DiskStoreConfig config,
      StoreModel model,
      int tasks,
      RandomGenerator chance)
      throws Exception {
    MemoryDisk disk = left.disk;
    if (chance.nextInt(4) == 0) {
      disk.crashAt(disk.steps() + 1 + chance.nextInt(STEPS_OF_A_START));
    }
    DiskStore store;
    try {
      DiskStore.prepare(TestPlatform.real(disk), Log.NONE, paths);
      store = DiskStore.open(TestPlatform.real(disk), Log.NONE, paths, config);
    } catch (SimulatedCrash _) {
      return left.crashed(chance);
    }
    if (left.killed) {
      model.killed();
    }
    return live(disk, store, paths, model, tasks, chance);
  }

  private static Left live(
      MemoryDisk disk,
      DiskStore store,
      List<Path> paths,
      StoreModel model,
      int tasks,
      RandomGenerator chance)
      throws Exception {
    disk.crashAt(Long.MAX_VALUE);
    model.verifyAndAdopt(store);
    assertEquals(List.of(), store.check().findings());
    boolean crash = chance.nextInt(4) != 0;
    if (crash) {
      disk.crashAt(disk.steps() + 1 + chance.nextInt(OPERATIONS * tasks * 3));
    }
    work(store, paths, model, tasks, chance);
    boolean closed = close(store);
    if (closed) {
      disk.assertNothingOpen();
      model.killed();
    }
    return chance.nextInt(3) == 0
        ? new Left(disk.afterProcessKill(), true)
        : new Left(disk.afterPowerCut(chance, Keep.RANDOM), false);
  }

  private static boolean close(DiskStore store) throws IOException {
    try {
      store.close();
      return true;
    } catch (SimulatedCrash _) {
      return false;
    }
  }

  private static void work(
      DiskStore store, List<Path> paths, StoreModel model, int tasks, RandomGenerator chance)
      throws Exception {
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int task = 0; task < tasks; task++) {
        RandomGenerator own = new SplittableRandom(chance.nextLong());
        List<ObjectId> objects = objects(task);
        running.add(
            executor.submit(() -> work(new StoreDriver(store, model), store, paths, objects, own)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException failed) {
      throw new AssertionError("a task failed", failed.getCause());
    }
  }

  /// The objects that one task changes.
  private static List<ObjectId> objects(int task) {
    return List.of(
        ObjectId.data(VDIS[task % 2], 10 * task),
        ObjectId.data(VDIS[task % 2], 10 * task + 1),
        ObjectId.attribute(VDIS[(task + 1) % 2], task),
        ObjectId.vmState(VDIS[task % 2], task));
  }

  private static boolean work(
      StoreDriver driver,
      DiskStore store,
      List<Path> paths,
      List<ObjectId> objects,
      RandomGenerator chance)
      throws IOException {
    try {
      for (int i = 0; i < OPERATIONS; i++) {
        if (chance.nextInt(OPERATIONS) == 0) {
          plugOrUnplug(store, paths.get(chance.nextInt(paths.size())));
        }
        step(driver, objects, chance);
      }
      return true;
    } catch (SimulatedCrash _) {
      return false;
    }
  }

  /// Other tasks do the same, so that it may be too late for it, or nothing else may be left.
  private static void plugOrUnplug(DiskStore store, Path disk) {
    try {
      if (store.space().stream().anyMatch(space -> space.directory().equals(disk))) {
        store.unplug(disk);
      } else {
        store.plug(disk);
      }
    } catch (IOException refused) {
      String why = String.valueOf(refused.getMessage());
      assertTrue(why.matches(".*(is a disk|is not a disk|the only disk).*"), why);
    }
  }

  private static void step(StoreDriver driver, List<ObjectId> objects, RandomGenerator chance)
      throws IOException {
    ObjectId object = objects.get(chance.nextInt(objects.size()));
    Durability durability = chance.nextBoolean() ? Durability.DURABLE : Durability.DEFERRED;
    switch (chance.nextInt(16)) {
      case 0, 1 -> driver.create(object, Optional.empty(), sectors(chance));
      case 2 -> {
        ObjectId parent = objects.get(chance.nextInt(objects.size()));
        boolean possible = parent.size() == object.size() && !parent.equals(object);
        driver.create(object, Optional.of(parent).filter(_ -> possible), sectors(chance));
      }
      case 3 -> driver.remove(object, durability);
      case 4, 5 -> driver.flush(VDIS[chance.nextInt(VDIS.length)]);
      case 6, 7 -> driver.readBack(object);
      default -> driver.write(object, sectors(chance), durability);
    }
  }

  private static List<Integer> sectors(RandomGenerator chance) {
    List<Integer> sectors = new ArrayList<>();
    int sector = chance.nextInt(16);
    int extents = chance.nextInt(3);
    for (int i = 0; i <= extents; i++) {
      int count = 1 + (chance.nextInt(3) == 0 ? chance.nextInt(30) : chance.nextInt(4));
      sectors.addAll(DiskStoreCrashTest.sectors(sector, count));
      sector += count + 1 + chance.nextInt(10);
    }
    return sectors;
  }
}
