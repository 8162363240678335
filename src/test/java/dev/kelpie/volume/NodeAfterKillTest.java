package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.WholeNode;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What the process after a killed one may rely on: the cache still has what was never flushed, but
/// nothing in memory says so.
final class NodeAfterKillTest {
  private static final VdiName VM = new VdiName("vm1");
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// A cache that pushes nothing by itself.
  private static final WholeNode.Settings CALM =
      new WholeNode.Settings(true, true, Duration.ofDays(1));

  private WholeNode node = new WholeNode(new MemoryDisk(), CALM);

  NodeAfterKillTest() throws IOException {
    found(node.catalog.create(VM, new Shape(2 * OBJECT, 0, 0, 0)));
  }

  @AfterEach
  void end() throws IOException {
    node.close();
  }

  @Test
  void durableWriteMakesTheEntryDurableThatTheLastProcessLeft_I24() throws IOException {
    write(0, 1, Durability.DEFERRED);
    restart(node.disk.afterProcessKill());
    write(4096, 2, Durability.DURABLE);
    restart(node.disk.afterPowerCut(Seeds.generator("NodeAfterKillTest"), Keep.NOTHING));
    assertEquals(2, read(4096));
  }

  @Test
  void parentOfACopyInTheCacheStaysThoughItsSnapshotWasDeleted_I11() throws IOException {
    write(0, 1, Durability.DURABLE);
    found(node.catalog.snapshot(VM, found(node.catalog.lookup(VM, "", 0)).vdi(), shape()));
    found(node.catalog.delete(VM, "", 1));
    assertTrue(node.catalog.awaitFreed(LIMIT));
    write(4096, 2, Durability.DEFERRED);
    restart(node.disk.afterProcessKill());
    assertTrue(node.catalog.awaitFreed(LIMIT));
    assertEquals(1, read(0));
    assertEquals(2, read(4096));
  }

  @Test
  void snapshotThatWasCutOffAtAnyStepCanBeTakenAfterwards() throws IOException {
    boolean cutOff = true;
    for (int step = 1; cutOff; step++) {
      cutOff = snapshotIsCutOffAt(step);
      restart(node.disk.afterProcessKill());
      found(node.catalog.snapshot(VM, found(node.catalog.lookup(VM, "", 0)).vdi(), shape()));
    }
  }

  private boolean snapshotIsCutOffAt(int step) throws IOException {
    node.disk.crashAt(node.disk.steps() + step);
    try {
      found(node.catalog.snapshot(VM, found(node.catalog.lookup(VM, "", 0)).vdi(), shape()));
      return false;
    } catch (SimulatedCrash e) {
      return true;
    }
  }

  private void restart(MemoryDisk disk) throws IOException {
    node.abandon();
    node = new WholeNode(disk, CALM);
  }

  private void write(long offset, int value, Durability durability) throws IOException {
    BlockDevice device = node.open(VM.value(), Optional.empty(), CacheMode.WRITEBACK);
    ByteBuffer bytes = ByteBuffer.allocate(4096).put(0, (byte) value);
    // Closing the device would flush.
    assertTrue(device.write(offset, bytes, durability, Patience.WAIT));
  }

  private byte read(long offset) throws IOException {
    try (BlockDevice device = node.open(VM.value(), Optional.empty(), CacheMode.WRITEBACK)) {
      ByteBuffer bytes = ByteBuffer.allocate(1);
      assertTrue(device.read(offset, bytes, Patience.WAIT));
      return bytes.get(0);
    }
  }

  private static Shape shape() {
    return new Shape(0, 0, 0, 0);
  }

  private static VdiAnswer.Found found(VdiAnswer answer) {
    return assertInstanceOf(VdiAnswer.Found.class, answer);
  }
}
