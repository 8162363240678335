package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.kelpie.cluster.MapRules.Live;
import dev.kelpie.cluster.Seat.State;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What becomes of the map when nodes come and go.
final class MapRulesTest {
  private static final long SPACE = 1L << 40;
  private static final int COPIES = 2;
  private static final long TEN_MINUTES = 600;

  private final Map<String, Live> live = new HashMap<>();
  private MapRules rules = new MapRules(MapSettings.DEFAULT);
  private List<Seat> seats = List.of();
  private long now = 10_000;

  private static Member node(int port) {
    return new Member(InetAddress.getLoopbackAddress(), port, 128, port, SPACE);
  }

  private void comes(Member member, long incarnation) {
    live.put(member.name(), new Live(member, incarnation, Duration.ZERO));
  }

  private void comes(int... ports) {
    for (int port : ports) {
      comes(node(port), port);
    }
  }

  private void goes(int... ports) {
    for (int port : ports) {
      live.remove(node(port).name());
    }
  }

  private void look() {
    seats = rules.next(seats, live, COPIES, now);
  }

  private void looks(long seconds) {
    now += seconds;
    look();
  }

  private State state(int port) {
    return seats.stream()
        .filter(seat -> seat.member().port() == port)
        .findFirst()
        .orElseThrow()
        .state();
  }

  @Test
  void whoComesIsUpAndNothingChangesByItself() {
    comes(1, 2, 3);
    look();
    assertEquals(3, seats.size());
    assertEquals(State.UP, state(1));
    List<Seat> before = seats;
    looks(1_000_000);
    assertSame(before, seats);
    assertEquals(Optional.empty(), rules.nextOut(seats));
  }

  @Test
  void whoGoesIsDownAndOutOnlyAfterTenMinutes() {
    comes(1, 2, 3, 4);
    look();
    goes(2);
    look();
    assertEquals(State.DOWN, state(2));
    assertEquals(Optional.of(now + TEN_MINUTES), rules.nextOut(seats));
    looks(TEN_MINUTES - 1);
    assertEquals(State.DOWN, state(2));
    looks(1);
    assertEquals(State.OUT, state(2));
    assertEquals(4, seats.size(), "it keeps its seat");
  }

  @Test
  void whoRebootsComesBackAndMovesNothing() {
    comes(1, 2, 3, 4);
    look();
    goes(2);
    looks(10);
    comes(node(2), 77);
    looks(300);
    assertEquals(State.UP, state(2));
    assertEquals(77, seats.get(1).incarnation());
    assertEquals(Optional.empty(), rules.nextOut(seats));
  }

  @Test
  void anotherLifeThatIsSeenBeforeTheFirstWasMissedCounts() {
    comes(1, 2);
    look();
    comes(node(2), 99);
    look();
    assertEquals(State.UP, state(2));
    assertEquals(99, seats.get(1).incarnation());
  }

  @Test
  void weightOfAKnownNodeStaysAndItsZoneDoesNot() {
    comes(1, 2);
    look();
    List<Seat> before = seats;
    comes(new Member(node(2).address(), 2, 200, 2, 2 * SPACE), 2);
    look();
    assertSame(before, seats);
    Member elsewhere = new Member(node(2).address(), 2, 200, 7, 2 * SPACE);
    comes(elsewhere, 2);
    look();
    assertEquals(elsewhere, seats.get(1).member());
    Member gateway = new Member(node(2).address(), 2, 0, 7, 0);
    comes(gateway, 2);
    look();
    assertEquals(gateway, seats.get(1).member(), "it stores nothing any more");
  }

  @Test
  void noMoreThanAQuarterGoesOutByItself() {
    comes(1, 2, 3, 4, 5, 6, 7, 8);
    look();
    goes(1, 2, 3);
    look();
    looks(TEN_MINUTES);
    assertEquals(2, seats.stream().filter(seat -> seat.state() == State.OUT).count());
    assertEquals(1, seats.stream().filter(seat -> seat.state() == State.DOWN).count());
  }

  @Test
  void zonesForAllCopiesStay() {
    rules = new MapRules(MapSettings.DEFAULT);
    for (int port = 1; port <= 8; port++) {
      int zone = port == 8 ? 2 : 1;
      comes(new Member(node(port).address(), port, 128, zone, SPACE), port);
    }
    look();
    goes(8);
    look();
    looks(10 * TEN_MINUTES);
    assertEquals(State.DOWN, state(8), "the only one of its zone");
    goes(7);
    look();
    looks(TEN_MINUTES);
    assertEquals(State.OUT, state(7), "others of its zone are left");
    assertEquals(State.DOWN, state(8));
  }

  @Test
  void whoIsKeptDoesNotGoOut() {
    comes(1, 2, 3, 4);
    look();
    goes(1);
    look();
    List<Seat> kept = new ArrayList<>(seats);
    Seat first = kept.getFirst();
    kept.set(
        0,
        new Seat(
            first.member(), State.DOWN, first.incarnation(), first.since(), true, first.falls()));
    seats = kept;
    looks(100 * TEN_MINUTES);
    assertEquals(State.DOWN, state(1));
    comes(1);
    look();
    assertEquals(State.UP, state(1));
    assertEquals(false, seats.getFirst().kept(), "it is back");
  }

  @Test
  void whoFallsOftenIsUpOnlyAfterItWasThereForAMinute() {
    comes(1, 2, 3, 4);
    look();
    for (int i = 0; i < 3; i++) {
      goes(2);
      looks(20);
      comes(2);
      looks(20);
      assertEquals(i < 2 ? State.UP : State.DOWN, state(2), "fall " + (i + 1));
    }
    live.put(node(2).name(), new Live(node(2), 2, Duration.ofSeconds(59)));
    looks(1);
    assertEquals(State.DOWN, state(2));
    live.put(node(2).name(), new Live(node(2), 2, Duration.ofSeconds(60)));
    looks(1);
    assertEquals(State.UP, state(2));
  }

  @Test
  void fallsOfLongAgoAreForgiven() {
    comes(1, 2, 3, 4);
    look();
    for (int i = 0; i < 5; i++) {
      goes(2);
      looks(301);
      comes(2);
      looks(301);
      assertEquals(State.UP, state(2));
    }
  }

  @Test
  void whatStoresNothingLeavesNoSeat() {
    Member gateway = new Member(node(9).address(), 9, 0, 9, 0);
    comes(1, 2);
    comes(gateway, 9);
    look();
    assertEquals(3, seats.size());
    live.remove(gateway.name());
    look();
    assertEquals(2, seats.size());
  }

  @Test
  void whereNothingIsGuardedWhoGoesIsOutAtOnce() {
    rules = new MapRules(MapSettings.AT_ONCE);
    comes(1, 2);
    look();
    goes(2);
    look();
    assertEquals(State.OUT, state(2));
    comes(2);
    look();
    assertEquals(State.UP, state(2));
  }
}
