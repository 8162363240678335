package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Log;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Nodes whose objects belong to some cluster, when it ends and another begins.
final class HomeMembershipTest {
  private static final Format FIRST = new Format(1L << 32, 1, 0, 0, "plain");
  private static final Format SECOND = new Format(2L << 32, 1, 0, 0, "plain");

  private final SimulatedRecords service = new SimulatedRecords();
  private final SimulatedClock clock = new SimulatedClock(1);
  private final SimulatedHandle records = new SimulatedHandle(service, clock, () -> {});
  private final ClusterBook book = new ClusterBook(records);

  HomeMembershipTest() throws IOException {}

  private static Member member(int number) {
    return new Member(InetAddress.getLoopbackAddress(), 7000 + number, 128, number, 1);
  }

  /// A node that clears what it has when it is told to.
  private final class Node {
    final SimulatedHandle own = new SimulatedHandle(service, clock, () -> {});
    final MemoryDisk disk = new MemoryDisk();
    final Path directory = disk.directories("/node");
    final List<Long> cleared = new ArrayList<>();
    final Identity identity;
    final HomeCluster home;
    final Membership membership;

    Node(int number) throws IOException {
      identity = new Identity(member(number), "id" + number);
      home = new HomeCluster(disk, directory, ended -> cleared.add(ended.ended()));
      membership =
          new Membership(
              own,
              new ClusterBook(own),
              new EpochMemory(disk, directory),
              MapSettings.AT_ONCE,
              clock,
              () -> 7 + number,
              Log.NONE,
              identity,
              home);
    }

    void steps() throws IOException {
      membership.step();
      membership.step();
    }
  }

  private List<Announcement> roll() throws IOException {
    return Roll.call(records);
  }

  @Test
  void aNodeSaysWhichClusterItHasObjectsOf() throws IOException {
    Node node = new Node(0);
    node.steps();
    assertEquals(List.of(new Announcement(node.identity, 7, 0, false)), roll());
    assertFalse(node.membership.mayServe());
    book.format(FIRST, List.of(node.identity.member()), Instant.EPOCH);
    node.steps();
    assertEquals(List.of(new Announcement(node.identity, 7, 1L << 32, false)), roll());
    assertTrue(node.membership.mayServe() && node.membership.life().isPresent());
    node.membership.done();
    node.steps();
    assertTrue(roll().getFirst().done());
  }

  @Test
  void everyNodeClearsWhatItHasOfAClusterThatWasEnded() throws IOException {
    Node a = new Node(0);
    Node b = new Node(1);
    book.format(FIRST, List.of(), Instant.EPOCH);
    a.steps();
    b.steps();
    a.steps();
    assertTrue(a.membership.mayServe());
    b.steps();
    assertTrue(b.membership.mayServe());
    book.unformat();
    a.steps();
    assertEquals(List.of(1L << 32), a.cleared);
    assertFalse(a.membership.mayServe());
    assertEquals(List.of(0L, 1L << 32), roll().stream().map(Announcement::cluster).toList());
    b.steps();
    assertEquals(List.of(1L << 32), b.cleared);
    a.steps();
    assertTrue(book.formatIfEnded(SECOND, roll(), Instant.EPOCH));
    a.membership.step();
    b.membership.step();
    assertEquals(1, book.epoch(), "nobody has to change the map");
    assertEquals(2L << 32, b.home.cluster());
    assertTrue(a.membership.mayServe() && b.membership.mayServe());
  }

  @Test
  void aNodeThatHasObjectsOfAnotherClusterIsNotTakenIn() throws IOException {
    Node a = new Node(0);
    Node stranger = new Node(1);
    stranger.home.enter(Cluster.first(SECOND, 1, List.of(), 0));
    book.format(FIRST, List.of(), Instant.EPOCH);
    a.steps();
    assertThrows(HomeCluster.Foreign.class, stranger.membership::step);
    a.steps();
    assertEquals(List.of(member(0)), a.membership.map().orElseThrow().current().members());
    assertFalse(stranger.membership.mayServe());
    assertEquals(List.of(), stranger.cleared);
    book.unformat();
    stranger.steps();
    assertEquals(List.of(), stranger.cleared, "it was another cluster that ended");
  }

  @Test
  void onlyThoseWhoAreThereAreToldToStop() throws IOException {
    Node a = new Node(0);
    book.format(FIRST, List.of(), Instant.EPOCH);
    a.steps();
    StopOrder order = new StopOrder(records);
    assertEquals(List.of(), order.meant());
    order.give();
    assertEquals(List.of(7L), order.meant());
    Node b = new Node(1);
    b.steps();
    assertEquals(List.of(7L), order.meant(), "who comes later goes on");
    order.give();
    assertEquals(List.of(7L, 8L), order.meant());
  }

  @Test
  void whoRestsLetsTheMapBe() throws IOException {
    Node a = new Node(0);
    Node b = new Node(1);
    book.format(FIRST, List.of(), Instant.EPOCH);
    a.steps();
    b.steps();
    a.steps();
    assertEquals(2, book.look().orElseThrow().current().members().size());
    a.membership.rest();
    b.membership.leave();
    a.steps();
    assertEquals(2, book.look().orElseThrow().current().members().size());
    assertEquals(Optional.of(7L), a.membership.life().map(Life::incarnation));
  }
}
