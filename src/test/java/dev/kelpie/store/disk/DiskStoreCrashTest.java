package dev.kelpie.store.disk;

import static dev.kelpie.object.Durability.DEFERRED;
import static dev.kelpie.object.Durability.DURABLE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// I4, I6: every crash point of a scenario in which everything happens, with every kind of crash:
/// what was answered as durable is there, every sector is old or new, nothing is damaged.
final class DiskStoreCrashTest {
  private static final VdiId VDI = new VdiId(1);
  private static final VdiId OTHER = new VdiId(2);
  private static final ObjectId A = ObjectId.data(VDI, 1);
  private static final ObjectId B = ObjectId.data(VDI, 2);
  private static final ObjectId C = ObjectId.data(OTHER, 2);
  private static final ObjectId SMALL = ObjectId.attribute(VDI, 1);
  private static final List<Keep> CUTS =
      List.of(Keep.NOTHING, Keep.EVERYTHING, Keep.RANDOM, Keep.RANDOM, Keep.RANDOM);

  /// Small bounds, so that laps are closed, files put away and waiting blocks brought to their
  /// files all the time. Two blocks and less go through the log.
  static final DiskStoreConfig TIGHT = new DiskStoreConfig(64 << 10, 2, 16 << 10, 2, 2, 1, false);

  private final RandomGenerator chance = Seeds.generator("DiskStoreCrashTest");

  @Test
  void everyCrashPointOfEverythingOnOneDisk() throws IOException {
    everyCrashPoint(List.of("/one"), DiskStoreCrashTest::everything);
  }

  @Test
  void everyCrashPointOfEverythingOnTwoDisks() throws IOException {
    everyCrashPoint(List.of("/one", "/two"), DiskStoreCrashTest::everything);
  }

  @Test
  void everyCrashPointOfUnpluggingAndPluggingDisks() throws IOException {
    everyCrashPoint(List.of("/one", "/two"), DiskStoreCrashTest::disksComeAndGo);
  }

  @Test
  void everyCrashPointOfManySmallWritesToOneBlock() throws IOException {
    everyCrashPoint(
        List.of("/one"),
        (driver, _) -> {
          driver.create(SMALL, Optional.empty(), sectors(0, 1));
          for (int i = 0; i < 30; i++) {
            driver.write(SMALL, sectors(i % 5, 3), i % 3 == 0 ? DEFERRED : DURABLE);
          }
        });
  }

  /// I1: the file that was written in place is gone for the store, but not yet for a power cut.
  @Test
  void aFlushMakesTheRemovalDurableThatTookAWrittenFileAway() throws IOException {
    StoreRig rig = new StoreRig("/one");
    rig.open();
    rig.create(A, 0, 200_000);
    byte[] flushed = rig.write(A, 0, 200_000, DEFERRED);
    // On another VDI's account, so that this one's flush has no removal on its list: as where the
    // flush comes between a removal and its note.
    rig.store().remove(A, StoreRig.change(C, DEFERRED));
    rig.store().flush(VDI);
    rig.crash(Keep.NOTHING);
    rig.open();
    if (rig.store().stat(A).isPresent()) {
      assertArrayEquals(flushed, rig.read(A, 0, 200_000));
    }
    rig.end();
  }

  /// What is done to a store.
  private interface Scenario {
    void run(StoreDriver driver, DiskStore store) throws IOException;
  }

  private static void disksComeAndGo(StoreDriver driver, DiskStore store) throws IOException {
    Path one = store.space().getFirst().directory();
    Path two = store.space().getLast().directory();
    driver.create(A, Optional.empty(), sectors(3, 2));
    driver.create(B, Optional.of(A), sectors(5, 50));
    driver.create(SMALL, Optional.empty(), sectors(0, 129));
    driver.create(C, Optional.empty(), sectors(1, 1));
    driver.write(A, sectors(40, 40), DEFERRED);
    driver.write(B, sectors(10, 2), DEFERRED);
    driver.remove(C, DEFERRED);
    store.unplug(two);
    driver.write(A, sectors(41, 2), DURABLE);
    driver.write(B, sectors(11, 2), DEFERRED);
    store.plug(two);
    driver.create(C, Optional.of(B), sectors(1, 1));
    driver.write(A, sectors(80, 1), DEFERRED);
    store.unplug(one);
    driver.remove(SMALL, DEFERRED);
    driver.write(A, sectors(42, 2), DURABLE);
    driver.flush(VDI);
    store.plug(one);
    driver.create(SMALL, Optional.empty(), sectors(2, 1));
    driver.flush(VDI);
  }

  private static void everything(StoreDriver driver, DiskStore store) throws IOException {
    driver.create(A, Optional.empty(), sectors(3, 2));
    driver.write(A, sectors(4, 1), DURABLE);
    driver.write(A, sectors(6, 4), DEFERRED);
    driver.write(A, sectors(40, 40), DURABLE);
    driver.write(A, sectors(44, 1), DURABLE);
    driver.write(A, sectors(36, 40), DURABLE);
    driver.create(B, Optional.of(A), sectors(5, 50));
    driver.write(B, sectors(0, 100), DEFERRED);
    driver.flush(VDI);
    driver.write(B, sectors(10, 30), DEFERRED);
    driver.write(B, sectors(12, 2), DURABLE);
    driver.write(A, sectors(100, 64), DEFERRED);
    driver.create(SMALL, Optional.empty(), sectors(0, 129));
    driver.write(SMALL, sectors(120, 9), DURABLE);
    driver.write(SMALL, List.of(1, 2, 9, 60, 61), DEFERRED);
    driver.create(C, Optional.of(B), List.of());
    driver.write(C, sectors(8190, 2), DURABLE);
    driver.create(A, Optional.empty(), sectors(5, 1));
    driver.write(A, sectors(6, 1), DURABLE);
    driver.remove(B, DURABLE);
    driver.create(B, Optional.empty(), sectors(7, 1));
    for (int i = 0; i < 12; i++) {
      driver.write(List.of(A, B, C, SMALL).get(i % 4), sectors(i, 5), of(i % 3 != 0));
      driver.write(List.of(A, B, C, SMALL).get(i % 4), sectors(i + 6, 36), of(i % 4 == 0));
    }
    driver.remove(C, DEFERRED);
    driver.flush(OTHER);
    driver.remove(SMALL, DEFERRED);
    driver.create(SMALL, Optional.empty(), sectors(1, 1));
    driver.flush(VDI);
  }

  /// What is done when the store is up again.
  private static void afterwards(StoreDriver driver) throws IOException {
    driver.write(A, sectors(41, 2), DURABLE);
    driver.create(B, Optional.empty(), sectors(7, 1));
    driver.write(SMALL, sectors(0, 40), DEFERRED);
    driver.write(A, sectors(0, 60), DEFERRED);
    driver.remove(C, DEFERRED);
  }

  private static Durability of(boolean durable) {
    return durable ? DURABLE : DEFERRED;
  }

  private void everyCrashPoint(List<String> names, Scenario scenario) throws IOException {
    MemoryDisk empty = new MemoryDisk();
    List<Path> paths = names.stream().map(empty::mount).toList();
    DiskStore.prepare(platform(empty), Log.NONE, paths);
    int step = 1;
    while (crashesAt(empty, paths, scenario, step)) {
      step++;
    }
    System.out.println("tried " + step + " crash points");
    assertTrue(step > 50, "the scenario has only " + step + " steps");
  }

  /// @return whether the scenario crashed, which it does not behind its last step
  private boolean crashesAt(MemoryDisk empty, List<Path> paths, Scenario scenario, int step)
      throws IOException {
    MemoryDisk disk = empty.afterProcessKill();
    StoreModel model = new StoreModel();
    boolean crashed = run(disk, model, paths, scenario, step);
    try {
      StoreModel killed = model.copy();
      killed.killed();
      check(disk.afterProcessKill(), killed, paths);
      check(crashedAgain(disk.afterProcessKill(), paths), model.copy(), paths);
      for (Keep keep : CUTS) {
        check(disk.afterPowerCut(chance, keep), model.copy(), paths);
        check(crashedAgain(disk.afterPowerCut(chance, keep), paths), model.copy(), paths);
      }
    } catch (AssertionError | IOException failure) {
      throw new AssertionError("after a crash at step " + step, failure);
    }
    return crashed;
  }

  private static boolean run(
      MemoryDisk disk, StoreModel model, List<Path> paths, Scenario scenario, int step)
      throws IOException {
    disk.crashAt(step);
    try {
      DiskStore store = open(disk, paths);
      scenario.run(new StoreDriver(store, model), store);
      store.close();
      return false;
    } catch (SimulatedCrash _) {
      return true;
    }
  }

  /// The disk after the power went, or went once more, somewhere in the start.
  private MemoryDisk crashedAgain(MemoryDisk disk, List<Path> paths) throws IOException {
    disk.crashAt(1 + chance.nextInt(12));
    try {
      open(disk, paths);
    } catch (SimulatedCrash _) {
      return disk.afterPowerCut(chance, Keep.RANDOM);
    }
    return disk.afterPowerCut(chance, Keep.NOTHING);
  }

  private void check(MemoryDisk disk, StoreModel model, List<Path> paths) throws IOException {
    DiskStore store = open(disk, paths);
    model.verifyAndAdopt(store);
    assertEquals(List.of(), store.check().findings());
    afterwards(new StoreDriver(store, model));
    store.close();
    disk.assertNothingOpen();
    MemoryDisk cut = disk.afterPowerCut(chance, Keep.NOTHING);
    DiskStore again = open(cut, paths);
    model.verifyAndAdopt(again);
    again.close();
  }

  /// With all disks that there have ever been, so that one that was unplugged is one again.
  private static DiskStore open(MemoryDisk disk, List<Path> paths) throws IOException {
    DiskStore.prepare(platform(disk), Log.NONE, paths);
    return DiskStore.open(platform(disk), Log.NONE, paths, TIGHT);
  }

  private static Platform platform(MemoryDisk disk) {
    return TestPlatform.real(disk);
  }

  static List<Integer> sectors(int first, int count) {
    return IntStream.range(first, first + count).boxed().toList();
  }
}
