package dev.kelpie.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.log.Log;
import dev.kelpie.testing.MemoryDisk;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A map that was held and not changed.
final class MembershipHoldTest {
  private static final Member A = new Member(InetAddress.getLoopbackAddress(), 7000, 128, 0, 1);

  private final SimulatedRecords service = new SimulatedRecords();
  private final SimulatedClock clock = new SimulatedClock(1);
  private final SimulatedHandle records = new SimulatedHandle(service, clock, () -> {});

  @Test
  void leaderEndsAHoldWhoseMakerIsGone() throws IOException {
    ClusterBook book = new ClusterBook(records);
    book.format(new Format(1, 1, 0, 0, "plain"), List.of(A), Instant.EPOCH);
    MemoryDisk disk = new MemoryDisk();
    Membership membership =
        new Membership(
            records,
            book,
            new EpochMemory(disk, disk.directories("/node")),
            MapSettings.AT_ONCE,
            clock,
            () -> 7,
            Log.NONE,
            new Identity(A, "a"),
            new HomeCluster(disk, disk.directories("/node"), Holdings.NONE));
    membership.step();
    membership.step();
    assertTrue(membership.leads() && membership.mayServe());
    assertEquals(7, membership.life().orElseThrow().incarnation());
    hold(book);
    step(membership, Membership.HOLD_LIMIT.minusSeconds(1));
    hold(book);
    step(membership, Membership.HOLD_LIMIT.minusSeconds(1));
    assertTrue(book.edition().held(), "it is another hold");
    step(membership, Duration.ofSeconds(1));
    assertFalse(book.edition().held());
    assertTrue(membership.mayServe());
  }

  /// Somebody holds the map, whether or not it is held.
  private void hold(ClusterBook book) throws IOException {
    Edition now = book.edition();
    byte[] value = ClusterRecord.encode(now.cluster().orElseThrow(), true);
    assertTrue(records.commit(List.of(new Put("cluster", Optional.of(value), now.version()))));
  }

  private void step(Membership membership, Duration later) throws IOException {
    membership.step();
    clock.advance(later.toNanos());
    records.renew();
    membership.step();
  }
}
