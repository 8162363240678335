package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Which cluster a node's objects belong to.
final class HomeClusterTest {
  private static final long ID = 5L << 32;

  private final MemoryDisk disk = new MemoryDisk();
  private final Path directory = disk.directories("/node");
  private final List<Long> cleared = new ArrayList<>();
  private boolean fails;

  private HomeCluster open() throws IOException {
    return new HomeCluster(disk, directory, this::clear);
  }

  private void clear(Edition ended) throws IOException {
    if (fails) {
      throw new IOException("a disk is gone");
    }
    cleared.add(ended.ended());
  }

  private static Cluster cluster(long id) {
    return Cluster.first(new Format(id, 1, 0, 0, "plain"), 1, List.of(), 3);
  }

  private static Edition ended(long id) {
    return new Edition(4, false, Optional.empty(), id);
  }

  @Test
  void anotherClusterIsRefusedAlsoAfterARestart() throws IOException {
    HomeCluster home = open();
    assertEquals(0, home.cluster());
    home.enter(cluster(ID));
    for (HomeCluster each : List.of(home, open())) {
      assertEquals(ID, each.cluster());
      each.enter(cluster(ID));
      HomeCluster.Foreign refused =
          assertThrows(HomeCluster.Foreign.class, () -> each.enter(cluster(7L << 32)));
      String said = refused.toString();
      assertTrue(said.contains("formatted at 1970-01-01T00:00:05Z"), said);
      assertTrue(said.contains("formatted at 1970-01-01T00:00:07Z"), said);
    }
    disk.assertNothingOpen();
  }

  @Test
  void onlyTheEndOfItsOwnClusterClearsIt() throws IOException {
    HomeCluster home = open();
    assertFalse(home.clear(ended(ID)), "it has nothing");
    home.enter(cluster(ID));
    assertFalse(home.clear(ended(ID + 1)), "another one was ended");
    assertFalse(home.clear(Edition.NONE), "a record that is not there says nothing");
    assertFalse(home.clear(new Edition(5, false, Optional.of(cluster(ID)), 0)), "it goes on");
    assertEquals(List.of(), cleared);
    assertTrue(home.clear(ended(ID)));
    assertFalse(home.clear(ended(ID)), "once");
    assertEquals(List.of(ID), cleared);
    assertEquals(0, open().cluster());
    home.enter(cluster(ID + 1));
    assertEquals(ID + 1, open().cluster());
  }

  @Test
  void whatCouldNotBeClearedStaysAndIsTriedAgain() throws IOException {
    HomeCluster home = open();
    home.enter(cluster(ID));
    fails = true;
    assertThrows(IOException.class, () -> home.clear(ended(ID)));
    assertEquals(ID, home.cluster());
    fails = false;
    assertTrue(open().clear(ended(ID)), "a restart tries again too");
  }

  @Test
  void itIsThereAfterAKill() throws IOException {
    open().enter(cluster(ID));
    MemoryDisk after = disk.afterProcessKill();
    assertEquals(ID, new HomeCluster(after, directory, Holdings.NONE).cluster());
  }

  @Test
  void damagedFileIsRefusedByName() throws IOException {
    open().enter(cluster(ID));
    disk.flip(directory.resolve("home"), 70);
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(refused.toString().contains("/node/home is damaged"), refused.toString());
  }
}
