package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a primary does as the map changes under it.
final class PrimaryTest {
  /// The number of copies is altered while it serves.
  @Test
  void itGoesByTheRulesOfTheMapThatIsKnown() throws IOException {
    MovingCluster cluster = new MovingCluster(3, 3, 2);
    cluster.write(100);
    cluster.down("n1");
    cluster.down("n2");
    assertThrows(IOException.class, () -> cluster.write(200), "one of two");
    cluster.alter(1);
    cluster.write(300);
    cluster.alter(2);
    assertThrows(IOException.class, () -> cluster.write(400), "one of two again");
    cluster.restart("n1");
    cluster.recover();
    cluster.write(500);
    int slot = cluster.slots().getFirst();
    assertEquals(Set.of("n0", "n1"), Set.copyOf(cluster.config(slot).nodes()));
  }

  /// The node has what was deferred since before it was down, and never heard of a barrier.
  @Test
  void whoJoinsHasDurablyWhatOthersMadeDurableMeanwhile() throws IOException {
    MovingCluster cluster = new MovingCluster(3, 3, 2);
    cluster.write(100);
    cluster.down("n2");
    cluster.recover();
    cluster.restart("n2");
    cluster.recover();
    cluster.check();
    for (int slot : cluster.slots()) {
      assertEquals(3, cluster.config(slot).nodes().size(), () -> "slot " + slot);
    }
  }

  /// Nobody but the two holders is asked to keep what one of them lost.
  @Test
  void whoJoinsIsMarkedAsThePrimaryIs() throws IOException {
    MovingCluster cluster = new MovingCluster(4, 2, 2);
    cluster.write(100);
    cluster.restart("n0");
    cluster.down("n1");
    cluster.move(List.of("n0", "n2"));
    int slot = cluster.slots().getFirst();
    cluster.recover();
    SlotConfig config = cluster.config(slot);
    assertEquals(Set.of("n0", "n2"), Set.copyOf(config.nodes()));
    assertEquals(config.ballot(), config.safe(), config::toString);
  }
}
