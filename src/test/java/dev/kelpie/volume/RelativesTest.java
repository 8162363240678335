package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.TestNode;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a disk says about the VDIs that it comes from, and about its snapshots.
final class RelativesTest {
  private static final VdiName NAME = new VdiName("vm1");

  private TestNode node;
  private BlockDevice device;

  @BeforeEach
  void createAndOpen() throws IOException {
    node = TestNode.start();
    node.create("vm1", 4 * OBJECT + 1000);
    device = node.open("vm1");
  }

  @AfterEach
  void close() throws IOException {
    device.close();
    node.close();
  }

  // Depth.

  @Test
  void depthCountsAlongTheChainOfSnapshots() throws IOException {
    write(0);
    node.snapshot("vm1");
    write(1);
    node.snapshot("vm1");
    write(2);
    assertEquals(List.of(run(3, 1), run(2, 1), run(1, 1), "0 " + (OBJECT + 1000)), depths(device));
    write(0);
    assertEquals(List.of(run(1, 1), run(2, 1), run(1, 1), "0 " + (OBJECT + 1000)), depths(device));
    try (BlockDevice second = snapshot("2")) {
      assertEquals(List.of(run(2, 1), run(1, 1), "0 " + (2 * OBJECT + 1000)), depths(second));
    }
  }

  @Test
  void aCloneCountsOnInWhatItCameFrom() throws IOException {
    write(0);
    node.snapshot("vm1");
    write(1);
    node.snapshot("vm1");
    node.clone("vm2", node.snapshot("vm1", 2), 4 * OBJECT);
    try (BlockDevice clone = node.open("vm2")) {
      assertEquals(List.of(run(3, 1), run(2, 1), run(0, 2)), depths(clone));
    }
  }

  @Test
  void depthSurvivesARestart() throws IOException {
    write(0);
    node.snapshot("vm1");
    device.close();
    node = node.restarted();
    device = node.open("vm1");
    assertEquals(List.of(run(2, 1), "0 " + (3 * OBJECT + 1000)), depths(device));
  }

  @Test
  void aParentThatIsDeletedStillCounts() throws IOException {
    write(0);
    node.snapshot("vm1");
    write(1);
    node.snapshot("vm1");
    node.delete("vm1", 1);
    node.awaitFreed();
    assertEquals(List.of(run(3, 1), run(2, 1), "0 " + (2 * OBJECT + 1000)), depths(device));
  }

  @Test
  void whatLiesBehindAParentThatIsGoneCountsOneDeeperThanTheLastKnown() throws IOException {
    write(0);
    node.snapshot("vm1");
    node.snapshot("vm1");
    node.snapshot("vm1");
    node.delete("vm1", 3);
    node.delete("vm1", 2);
    node.awaitFreed();
    assertEquals(List.of(run(3, 1), "0 " + (3 * OBJECT + 1000)), depths(device));
  }

  // Snapshots.

  @Test
  void snapshotsAreNamedAsTheyAreFound() throws IOException {
    tag("twice");
    node.snapshot("vm1");
    tag("17");
    node.snapshot("vm1");
    node.snapshot("vm1");
    tag("twice");
    node.snapshot("vm1");
    assertEquals(
        List.of(
            new BlockDevice.Snapshot(4, Optional.of("twice")),
            new BlockDevice.Snapshot(3, Optional.empty()),
            new BlockDevice.Snapshot(2, Optional.empty()),
            new BlockDevice.Snapshot(1, Optional.empty())),
        device.snapshots());
    node.delete("vm1", 4);
    assertEquals(new BlockDevice.Snapshot(1, Optional.of("twice")), device.snapshots().getLast());
  }

  // Changes.

  @Test
  void nothingHasChangedRightAfterASnapshot() throws IOException {
    write(0);
    write(4);
    node.snapshot("vm1");
    assertEquals(List.of("0 " + device.size()), changes(device, "1"));
  }

  @Test
  void whatIsWrittenOrDiscardedHasChanged() throws IOException {
    write(0);
    write(1);
    write(4);
    node.snapshot("vm1");
    device.write(OBJECT + 7, ByteBuffer.allocate(1), Durability.DEFERRED, Patience.WAIT);
    device.trim(4 * OBJECT, 1000, Durability.DEFERRED);
    write(3);
    assertEquals(List.of(run(0, 1), run(1, 1), run(0, 1), "1 " + (OBJECT + 1000)), all("1"));
    assertEquals(List.of("0 1", "1 2"), changes(device, "1", OBJECT - 1, 3));
  }

  @Test
  void discardingAHoleChangesNothing() throws IOException {
    node.snapshot("vm1");
    device.trim(0, device.size(), Durability.DEFERRED);
    assertEquals(List.of("0 " + device.size()), all("1"));
  }

  @Test
  void twoSnapshotsAreComparedEitherWay() throws IOException {
    write(0);
    node.snapshot("vm1");
    write(1);
    node.snapshot("vm1");
    write(2);
    List<String> right = List.of(run(0, 1), run(1, 1), "0 " + (2 * OBJECT + 1000));
    try (BlockDevice first = snapshot("1");
        BlockDevice second = snapshot("2")) {
      assertEquals(right, changes(second, "1"));
      assertEquals(right, changes(first, "2"));
      assertEquals(List.of("0 " + device.size()), changes(first, "1"));
    }
  }

  @Test
  void anOpenComparisonGoesOnOverASnapshot() throws IOException {
    node.snapshot("vm1");
    try (BlockDevice.Changes since = device.changesSince("1").orElseThrow()) {
      write(0);
      node.snapshot("vm1");
      write(1);
      List<String> runs = new ArrayList<>();
      since.runs(0, 4 * OBJECT, (length, value) -> runs.add(value + " " + length));
      assertEquals(List.of(run(1, 2), run(0, 2)), runs);
    }
  }

  @Test
  void aSnapshotFromBeforeARollbackIsComparedToo() throws IOException {
    write(0);
    node.snapshot("vm1");
    write(1);
    node.snapshot("vm1");
    device.close();
    node.catalog.rollback(NAME, node.snapshot("vm1", 1), new Shape(4 * OBJECT, 0, 0, 0));
    device = node.open("vm1");
    write(2);
    assertEquals(List.of(run(0, 1), run(1, 2), run(0, 1)), all("2"));
    assertEquals(List.of(run(0, 2), run(1, 1), run(0, 1)), all("1"));
  }

  @Test
  void bytesBehindTheOldEndOfADiskThatGrewHaveChanged() throws IOException {
    write(0);
    write(4);
    node.snapshot("vm1");
    grow(6 * OBJECT);
    assertEquals(List.of(run(0, 4), run(1, 1), run(0, 1)), all("1"));
    write(5);
    assertEquals(List.of(run(0, 4), run(1, 2)), all("1"));
  }

  @Test
  void aSnapshotThatIsComparedCannotBeDeleted() throws IOException {
    node.snapshot("vm1");
    BlockDevice.Changes since = device.changesSince("1").orElseThrow();
    assertEquals(
        new VdiAnswer.Refused(VdiAnswer.Reason.VDI_LOCKED), node.catalog.delete(NAME, "", 1));
    since.close();
    node.delete("vm1", 1);
    assertTrue(device.changesSince("1").isEmpty());
  }

  @Test
  void theWorkingVdiAndOthersAreNoSnapshots() throws IOException {
    tag("now");
    for (String none : List.of("1", "0", "now", "", "-1", "99999999999", "a".repeat(300))) {
      assertTrue(device.changesSince(none).isEmpty(), none);
    }
  }

  private void write(int index) throws IOException {
    int length = (int) Math.min(OBJECT, device.size() - index * OBJECT);
    ByteBuffer bytes = ByteBuffer.allocate(Math.min(length, 100));
    bytes.put(0, (byte) (index + 1));
    assertTrue(device.write(index * OBJECT, bytes, Durability.DEFERRED, Patience.WAIT));
  }

  private BlockDevice snapshot(String id) throws IOException {
    return node.open("vm1", Optional.of(id), CacheMode.WRITEBACK);
  }

  private void grow(long size) throws IOException {
    put(536, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, size));
  }

  private void tag(String tag) throws IOException {
    ByteBuffer field = ByteBuffer.allocate(256);
    put(256, field.put(tag.getBytes(StandardCharsets.US_ASCII)).rewind());
  }

  private void put(int offset, ByteBuffer bytes) throws IOException {
    VdiId working = node.working("vm1");
    assertEquals(
        Outcome.DONE,
        node.catalog
            .clientObjects()
            .write(
                ObjectId.inode(working),
                offset,
                bytes,
                CacheMode.WRITETHROUGH,
                Durability.DURABLE,
                Patience.WAIT));
  }

  private static String run(int value, int objects) {
    return value + " " + objects * OBJECT;
  }

  private static List<String> depths(BlockDevice device) throws IOException {
    List<String> runs = new ArrayList<>();
    device.depth(0, device.size(), (length, depth) -> runs.add(depth + " " + length));
    return runs;
  }

  private List<String> all(String since) throws IOException {
    return changes(device, since);
  }

  private static List<String> changes(BlockDevice device, String since) throws IOException {
    return changes(device, since, 0, device.size());
  }

  private static List<String> changes(BlockDevice device, String since, long offset, long length)
      throws IOException {
    List<String> runs = new ArrayList<>();
    try (BlockDevice.Changes changes = device.changesSince(since).orElseThrow()) {
      changes.runs(offset, length, (run, value) -> runs.add(value + " " + run));
    }
    return runs;
  }
}
