package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each change of the directory, cut off by a power failure at every step of the records' disk and
/// of the store: all of it or nothing is there afterwards, also in the bytes of every disk, and
/// nothing is left over.
final class CatalogCrashTest {
  private static final VdiName VM = new VdiName("vm1");

  private final RandomGenerator chance = Seeds.generator("CatalogCrashTest");

  /// The changes, on a node with a working VDI, a snapshot of it, and a clone of that.
  enum Operation {
    CREATE {
      @Override
      void run(TestNode node) throws IOException {
        node.create("new", 3 * OBJECT);
      }
    },
    CLONE {
      @Override
      void run(TestNode node) throws IOException {
        node.clone("new", node.snapshot("vm1", 1), 3 * OBJECT);
      }
    },
    SNAPSHOT {
      @Override
      void run(TestNode node) throws IOException {
        node.snapshot("vm1");
      }
    },
    REBASE {
      @Override
      void run(TestNode node) throws IOException {
        found(node.catalog.snapshot(VM, node.snapshot("vm1", 1), shape(2 * OBJECT)));
      }
    },
    ROLLBACK {
      @Override
      void run(TestNode node) throws IOException {
        found(node.catalog.rollback(VM, node.snapshot("vm1", 1), shape(2 * OBJECT)));
      }
    },
    DELETE {
      @Override
      void run(TestNode node) throws IOException {
        node.delete("vm1");
      }
    },
    DELETE_SNAPSHOT {
      @Override
      void run(TestNode node) throws IOException {
        node.delete("vm1", 1);
      }
    };

    abstract void run(TestNode node) throws IOException;
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void aCrashLeavesAllOrNothing(Operation operation) throws IOException {
    List<String> before = describe(_ -> {});
    List<String> after = describe(operation::run);
    TestNode whole = prepare(new MemoryDisk());
    long from = whole.disk.steps();
    operation.run(whole);
    whole.awaitFreed();
    long to = whole.disk.steps();
    whole.close();
    assertNotEquals(before, after);
    assertTrue(to > from + 3, "the change has " + (to - from) + " steps");
    int withAll = 0;
    for (long step = from + 1; step <= to; step++) {
      for (Keep keep : Keep.values()) {
        withAll += crashAt(step, keep, operation, before, after) ? 1 : 0;
      }
    }
    assertTrue(withAll > 0, "no crash came after the commit");
  }

  private static List<String> describe(Change change) throws IOException {
    try (TestNode node = prepare(new MemoryDisk())) {
      change.on(node);
      return StoreCheck.describe(node);
    }
  }

  private interface Change {
    void on(TestNode node) throws IOException;
  }

  /// @return whether all was there
  private boolean crashAt(
      long step, Keep keep, Operation operation, List<String> before, List<String> after)
      throws IOException {
    String where = operation + " at step " + step + " keeping " + keep;
    MemoryDisk disk = new MemoryDisk();
    disk.crashAt(step);
    TestNode node = prepare(disk);
    try {
      operation.run(node);
      Await.until(
          "all is freed or the machine is off",
          () -> disk.steps() >= step || node.catalog.awaitFreed(Duration.ofMillis(20)));
    } catch (SimulatedCrash expected) {
      assertTrue(disk.steps() >= step, where);
    }
    node.catalog.close();
    try (TestNode next =
        TestNode.stepped(disk.afterPowerCut(chance, keep), node.store.afterPowerCut())) {
      List<String> found = StoreCheck.describe(next);
      boolean all = found.equals(after);
      if (!all) {
        assertEquals(before, found, where);
      }
      StoreCheck.check(next, where);
      if (!all) {
        operation.run(next);
        assertEquals(after, StoreCheck.describe(next), where + ", repeated");
        StoreCheck.check(next, where + ", repeated");
      }
      return all;
    }
  }

  private static TestNode prepare(MemoryDisk disk) throws IOException {
    TestNode node = TestNode.stepped(disk, new MemoryStore());
    node.create("vm1", 3 * OBJECT);
    write(node, "vm1", 0, 1);
    write(node, "vm1", 1, 2);
    node.snapshot("vm1");
    write(node, "vm1", 1, 3);
    write(node, "vm1", 2, 4);
    node.clone("clone", node.snapshot("vm1", 1), 3 * OBJECT);
    write(node, "clone", 1, 5);
    return node;
  }

  private static void write(TestNode node, String name, int object, int value) throws IOException {
    try (BlockDevice device = node.open(name)) {
      ByteBuffer bytes = ByteBuffer.allocate(8).putLong(0, value);
      device.write(object * OBJECT + 100, bytes, Durability.DEFERRED, Patience.WAIT);
    }
  }
}
