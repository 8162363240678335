package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a node remembers of its cluster's epochs.
final class EpochMemoryTest {
  private static final long ID = 5L << 32;

  private final MemoryDisk disk = new MemoryDisk();
  private final Path directory = disk.directories("/node");

  private static Cluster cluster(long id, int epoch, int port) {
    Member member = new Member(InetAddress.getLoopbackAddress(), port, 128, 0, 1 << 30);
    Format format = new Format(id, 1, 0, 0, "plain");
    return Cluster.first(format, epoch, List.of(Seat.of(member, 1, 2)), 3);
  }

  private EpochMemory open() throws IOException {
    return new EpochMemory(disk, directory);
  }

  @Test
  void lowerEpochIsRefusedAlsoAfterARestart() throws IOException {
    EpochMemory memory = open();
    assertEquals(0, memory.highest(ID));
    memory.see(cluster(ID, 7, 1));
    memory.see(cluster(ID, 7, 1));
    memory.see(cluster(ID, 9, 1));
    for (EpochMemory each : List.of(memory, open())) {
      assertEquals(9, each.highest(ID));
      EpochMemory.OldMap refused =
          assertThrows(EpochMemory.OldMap.class, () -> each.see(cluster(ID, 8, 1)));
      assertTrue(refused.toString().contains("is of epoch 8, but this node has seen epoch 9"));
      each.see(cluster(ID, 9, 1));
    }
    disk.assertNothingOpen();
  }

  @Test
  void anotherMapOfTheSameEpochIsRefused() throws IOException {
    EpochMemory memory = open();
    memory.see(cluster(ID, 7, 1));
    EpochMemory.OldMap refused =
        assertThrows(EpochMemory.OldMap.class, () -> open().see(cluster(ID, 7, 2)));
    assertTrue(refused.toString().contains("another map of that epoch"), refused.toString());
  }

  @Test
  void clusterThatIsFormattedAnewBeginsAgain() throws IOException {
    EpochMemory memory = open();
    memory.see(cluster(ID, 7, 1));
    memory.see(cluster(ID + 1, 1, 1));
    assertEquals(1, open().highest(ID + 1));
    assertEquals(0, open().highest(ID));
  }

  @Test
  void whatWasSeenIsThereAfterAPowerCut() throws IOException {
    open().see(cluster(ID, 7, 1));
    MemoryDisk after = disk.afterProcessKill();
    assertEquals(7, new EpochMemory(after, directory).highest(ID));
  }

  @Test
  void damagedFileIsRefusedByName() throws IOException {
    open().see(cluster(ID, 7, 1));
    disk.flip(directory.resolve("epoch"), 70);
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(refused.toString().contains("/node/epoch is damaged"), refused.toString());
  }
}
