package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    byte[] value = ClusterRecord.encode(book.cluster().orElseThrow());
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThrows(IOException.class, () -> ClusterRecord.decode(cut), length + " bytes");
    }
    value[0] = 3;
    IOException refused = assertThrows(IOException.class, () -> ClusterRecord.decode(value));
    assertTrue(refused.toString().contains("format 3"), refused.toString());
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

  /// A record as the first releases wrote it: the members of its epoch are up.
  @Test
  void recordWithoutAMapIsRead() throws IOException {
    ClusterBook book = new ClusterBook(coordination);
    book.format(FORMAT, List.of(A, B), NOW);
    Cluster cluster = book.cluster().orElseThrow();
    byte[] with = ClusterRecord.encode(cluster);
    byte[] empty = ClusterRecord.encode(new Cluster(cluster.format(), cluster.epochs(), List.of()));
    byte[] without = Arrays.copyOf(empty, empty.length - Integer.BYTES);
    without[0] = 1;
    assertEquals(cluster, ClusterRecord.decode(without));
    assertTrue(with.length > empty.length);
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
