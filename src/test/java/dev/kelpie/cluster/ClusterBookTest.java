package dev.kelpie.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.testing.MemoryCoordination;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The cluster's identity and history.
final class ClusterBookTest {
  private static final Format FORMAT = new Format(0x1234L << 32, 2, 0, 1, "plain");
  private static final Instant NOW = Instant.ofEpochSecond(1000);
  private static final Instant LATER = Instant.ofEpochSecond(2000);
  private static final Member A = member(7000);
  private static final Member B = member(7001);

  private final MemoryCoordination coordination = new MemoryCoordination();

  @Test
  void aNewClusterIsNotFormatted() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    assertEquals(Optional.empty(), book.cluster());
    assertEquals(0, book.epoch());
    assertFalse(book.advance(0, up(A), NOW));
    assertEquals(Optional.empty(), book.cluster());
  }

  @Test
  void aFormatBeginsEpochOneAndOutlivesTheNode() throws IOException {
    new ClusterBook(coordination).format(FORMAT, List.of(A, B), NOW);
    ClusterBook book = new ClusterBook(coordination);
    Epoch first = new Epoch(1, 1000, List.of(A, B));
    Cluster expected =
        new Cluster(FORMAT, List.of(first), List.of(Seat.of(A, 0, 1000), Seat.of(B, 0, 1000)));
    assertEquals(Optional.of(expected), book.cluster());
    assertEquals(1, book.epoch());
  }

  @Test
  void anotherMapBeginsAnEpoch() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A, B), NOW);
    assertTrue(book.advance(1, up(A), LATER));
    assertEquals(2, book.epoch());
    assertEquals(
        List.of(new Epoch(2, 2000, List.of(A)), new Epoch(1, 1000, List.of(A, B))),
        book.cluster().orElseThrow().epochs());
  }

  @Test
  void formattingAnewStartsOver() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A), NOW);
    book.advance(1, up(A, B), NOW);
    book.unformat();
    assertEquals(Optional.empty(), book.cluster());
    assertEquals(Optional.empty(), new ClusterBook(coordination).cluster());
    Format other = new Format(7, 3, 0, 0, "tree");
    book.format(other, List.of(B), LATER);
    assertEquals(other, book.cluster().orElseThrow().format());
    assertEquals(1, book.epoch());
  }

  @Test
  void copiesAreAlteredAndNothingElse() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    assertThrows(IOException.class, () -> book.alterCopies(3));
    book.format(FORMAT, List.of(A), NOW);
    book.alterCopies(3);
    Epoch first = new Epoch(1, 1000, List.of(A));
    Format altered = new Format(0x1234L << 32, 3, 0, 1, "plain");
    assertEquals(
        Optional.of(new Cluster(altered, List.of(first), List.of(Seat.of(A, 0, 1000)))),
        new ClusterBook(coordination).cluster());
  }

  @Test
  void aChangeFromElsewhereIsNotLost() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    ClusterBook other = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A), NOW);
    coordination.beforeNextCommit(() -> {
      try {
        assertTrue(other.advance(1, up(A, B), NOW));
      } catch (IOException failure) {
        throw new AssertionError(failure);
      }
    });
    assertFalse(book.advance(1, up(B), LATER), "made for an epoch that is over");
    assertEquals(up(A, B), book.cluster().orElseThrow().seats());
    coordination.beforeNextCommit(() -> {
      try {
        other.alterCopies(3);
      } catch (IOException failure) {
        throw new AssertionError(failure);
      }
    });
    assertTrue(book.advance(2, up(B), LATER), "what else was changed does not matter");
    assertEquals(3, book.cluster().orElseThrow().format().copies());
  }

  @Test
  void theOldestEpochsAreForgottenWhereThereIsNoRoom() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, many(0), NOW);
    for (int round = 1; round <= 40; round++) {
      List<Seat> seats = many(round).stream().map(m -> Seat.of(m, 0, 1)).toList();
      assertTrue(book.advance(round, seats, NOW));
    }
    List<Epoch> epochs = book.cluster().orElseThrow().epochs();
    assertEquals(41, epochs.getFirst().number());
    assertTrue(epochs.size() < 41 && epochs.size() > 1, epochs.size() + " are left");
  }

  @Test
  void whatCannotBeReadIsRefused() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A), NOW);
    coordination.fail(true);
    assertThrows(IOException.class, () -> book.advance(1, up(B), NOW));
    assertEquals(1, book.epoch());
    assertThrows(IOException.class, () -> new ClusterBook(coordination));
    byte[] value = ClusterRecord.encode(book.cluster().orElseThrow(), false);
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThrows(IOException.class, () -> ClusterRecord.decode(cut), length + " bytes");
    }
    value[0] = 4;
    IOException refused = assertThrows(IOException.class, () -> ClusterRecord.decode(value));
    assertTrue(refused.toString().contains("format 4"), refused.toString());
  }

  @Test
  void mapIsKeptWithTheEpochs() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A), NOW);
    List<Seat> seats =
        List.of(
            new Seat(A, Seat.State.UP, 77, 1000, false, List.of()),
            new Seat(B, Seat.State.DOWN, -3, 2000, true, List.of(5L, 6L, 7L)));
    assertTrue(book.advance(1, seats, LATER));
    Cluster found = new ClusterBook(coordination).cluster().orElseThrow();
    assertEquals(seats, found.seats());
    assertEquals(new Epoch(2, 2000, List.of(A)), found.current());
    assertFalse(book.advance(1, List.of(), LATER), "another epoch has begun");
    assertEquals(seats, book.look().orElseThrow().seats());
  }

  /// Records as earlier releases wrote them: not held, and in the first ones the members of the
  /// epoch are up.
  @Test
  void recordsOfEarlierFormatsAreRead() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A, B), NOW);
    Cluster cluster = book.cluster().orElseThrow();
    byte[] second = withoutHold(ClusterRecord.encode(cluster, true), 2);
    assertEquals(cluster, ClusterRecord.decode(second));
    assertFalse(ClusterRecord.isHeld(second));
    Cluster noSeats = new Cluster(cluster.format(), cluster.epochs(), List.of());
    byte[] empty = withoutHold(ClusterRecord.encode(noSeats, true), 1);
    byte[] first = Arrays.copyOf(empty, empty.length - Integer.BYTES);
    assertEquals(cluster, ClusterRecord.decode(first));
    assertFalse(ClusterRecord.isHeld(first));
    assertTrue(second.length > empty.length);
  }

  private static byte[] withoutHold(byte[] value, int format) {
    byte[] earlier = Arrays.copyOfRange(value, 1, value.length);
    earlier[0] = (byte) format;
    return earlier;
  }

  @Test
  void versionsGoOnWhereTheClusterIsFormattedAnew() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    assertEquals(Edition.NONE, book.edition());
    book.format(FORMAT, List.of(A), NOW);
    assertEquals(1, book.edition().version());
    book.unformat();
    assertEquals(new Edition(2, false, Optional.empty()), book.edition());
    book.format(FORMAT, List.of(A), NOW);
    assertEquals(3, book.edition().version());
  }

  @Test
  void whatGoesByTheMapIsChangedWithIt() throws IOException {
    Followers followers = new Followers();
    ClusterBook book = new ClusterBook(coordination, followers);
    book.format(FORMAT, List.of(A), NOW);
    assertEquals("format v1", followers.text());
    assertTrue(book.advance(1, up(A, B), LATER));
    assertEquals("1 -> 2 v2", followers.text());
    book.alterCopies(3);
    assertEquals("2 -> 2 v3", followers.text());
    assertFalse(book.advance(1, up(A), LATER), "nothing is changed");
    assertEquals("2 -> 2 v3", followers.text());
    book.unformat();
    assertEquals("2 -> none v4", followers.text());
    book.format(FORMAT, List.of(A), NOW);
    book.format(FORMAT, List.of(B), NOW);
    assertEquals("format v6", followers.text(), "it is another cluster");
  }

  /// Somebody is always faster, as long as it may be.
  @Test
  void whoChangesFollowersAllTheTimeDoesNotKeepTheMapFromChanging() throws IOException {
    Followers followers = new Followers();
    ClusterBook book = new ClusterBook(coordination, followers);
    book.format(FORMAT, List.of(A), NOW);
    Busy busy = new Busy();
    coordination.beforeCommits(busy);
    assertTrue(book.advance(1, up(A, B), LATER));
    assertEquals(2, busy.made, "before the first try, and before the hold");
    assertEquals(new Edition(3, false, book.cluster()), book.edition());
    assertEquals("1 -> 2 v3", followers.text());
    book.alterCopies(5);
    assertEquals(4, busy.made, "it went on afterwards");
    assertEquals(5, book.cluster().orElseThrow().format().copies());
  }

  @Test
  void holdWhoseMakerIsGoneIsEndedByTheNextChange() throws IOException {
    Followers followers = new Followers();
    ClusterBook book = new ClusterBook(coordination, followers);
    book.format(FORMAT, List.of(A), NOW);
    coordination.beforeCommits(new Busy());
    followers.failAt = 3;
    assertThrows(IOException.class, () -> book.advance(1, up(A, B), LATER));
    assertTrue(book.edition().held());
    assertEquals(up(A), book.cluster().orElseThrow().seats());
    ClusterBook other = new ClusterBook(coordination, followers);
    assertTrue(other.advance(1, up(B), LATER));
    assertFalse(book.edition().held());
    assertEquals(up(B), book.cluster().orElseThrow().seats());
    book.release(new Edition(2, true, book.cluster()));
    assertEquals(3, book.edition().version(), "that one is over");
  }

  /// Notes in one record what was asked of it.
  private final class Followers implements MapFollower {
    private static final String FOLLOWER = "follower";
    private int asked;
    private int failAt;

    @Override
    public Step follow(Optional<Cluster> before, Optional<Cluster> after, long version)
        throws IOException {
      asked++;
      if (asked == failAt) {
        throw new IOException("injected fault");
      }
      String from = before.map(c -> c.current().number() + " -> ").orElse("");
      String to =
          after.map(c -> before.isEmpty() ? "format" : "" + c.current().number()).orElse("none");
      byte[] value = (from + to + " v" + version).getBytes(UTF_8);
      long expected = coordination.read(FOLLOWER).map(Coordination.Stored::version).orElse(0L);
      return new Step(
          List.of(new Coordination.Put(FOLLOWER, Optional.of(value), expected)), List.of());
    }

    String text() throws IOException {
      return new String(coordination.read(FOLLOWER).orElseThrow().value(), UTF_8);
    }
  }

  /// Changes the record before everybody else does, under the map that it finds, if it may.
  private final class Busy implements Runnable {
    private int made;
    private boolean busy;

    @Override
    public void run() {
      if (busy) {
        return;
      }
      busy = true;
      try {
        Edition now = new ClusterBook(coordination).edition();
        Coordination.Stored before = coordination.read(Followers.FOLLOWER).orElseThrow();
        Coordination.Put put =
            new Coordination.Put(before.key(), Optional.of(before.value()), before.version());
        if (!now.held() && coordination.commit(List.of(put), List.of(now.unchanged()))) {
          made++;
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      } finally {
        busy = false;
      }
    }
  }

  @Test
  void nodeIsKnownByItsAddressAndPort() throws IOException {
    for (String host : List.of("127.0.0.1", "10.1.2.3", "::1", "fe80::1%1", "2001:db8::7")) {
      Member member = new Member(InetAddress.ofLiteral(host), 7000, 128, 0, 0);
      Member stored =
          new Member(InetAddress.getByAddress(member.address().getAddress()), 7000, 64, 1, 1);
      assertEquals(stored.name(), member.name());
      assertEquals(new Endpoint.Tcp(stored.address(), 7000), Member.endpoint(member.name()));
    }
    assertEquals("127.0.0.1:7000", member(7000).name());
    assertThrows(IllegalArgumentException.class, () -> Member.endpoint("127.0.0.1"));
    assertThrows(IllegalArgumentException.class, () -> Member.endpoint("localhost:7000"));
    assertThrows(IllegalArgumentException.class, () -> Member.endpoint("127.0.0.1:x"));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Format(0, 1, 0, 0, "plain"));
    assertThrows(IllegalArgumentException.class, () -> new Format(1, 0, 0, 0, "plain"));
    assertThrows(IllegalArgumentException.class, () -> new Format(1, 32, 0, 0, "plain"));
    assertThrows(IllegalArgumentException.class, () -> new Format(1, 1, 0, 0, ""));
    assertThrows(IllegalArgumentException.class, () -> new Format(1, 1, 0, 0, "x".repeat(16)));
    assertThrows(IllegalArgumentException.class, () -> member(70_000));
    assertThrows(IllegalArgumentException.class, () -> new Cluster(FORMAT, List.of(), List.of()));
    assertFalse(A.sameNode(B));
  }

  private static List<Seat> up(Member... members) {
    return Arrays.stream(members).map(member -> Seat.of(member, 0, 1000)).toList();
  }

  private static List<Member> many(int round) {
    return IntStream.range(0, 1000).mapToObj(i -> member(1000 + round + i)).toList();
  }

  private static Member member(int port) {
    return new Member(InetAddress.getLoopbackAddress(), port, 128, 0x0100007f, 1L << 40);
  }
}
