package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Which objects a disk consists of, as the object cache asks.
final class InodeMapTest {
  @Test
  void anObjectIsTheDisksOwnOrItsParentsOrAHole() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId first = node.create("vm", 4 * OBJECT);
      write(node, 0);
      write(node, 1);
      node.snapshot("vm");
      write(node, 1);
      DiskMap disks = node.catalog.diskMap();
      VdiId now = working(node);
      assertEquals(Optional.of(ObjectId.data(first, 0)), disks.object(now, 0));
      assertEquals(Optional.of(ObjectId.data(now, 1)), disks.object(now, 1));
      assertEquals(Optional.empty(), disks.object(now, 2));
      assertEquals(Optional.empty(), disks.object(now, 1 << 20));
      assertEquals(Optional.empty(), disks.object(now, -1));
      assertEquals(Optional.of(first), disks.parent(now));
      assertEquals(Optional.empty(), disks.parent(first));
      node.delete("vm");
      assertFalse(disks.has(now));
      assertTrue(disks.has(first));
      assertEquals(Optional.empty(), disks.object(now, 0));
    }
  }

  private static VdiId working(TestNode node) throws IOException {
    return node.catalog.states().stream()
        .filter(state -> !state.snapshot())
        .map(VdiDirectory.State::vdi)
        .findFirst()
        .orElseThrow();
  }

  private static void write(TestNode node, int index) throws IOException {
    try (BlockDevice device = node.open("vm")) {
      device.write(index * OBJECT, ByteBuffer.allocate(4096), Durability.DURABLE, Patience.WAIT);
    }
  }
}
