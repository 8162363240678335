package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Seat;
import dev.kelpie.log.Log;
import dev.kelpie.replica.SlotBook;
import dev.kelpie.replica.SlotBookTask;
import dev.kelpie.replica.SlotConfig;
import dev.kelpie.replica.SlotFollower;
import dev.kelpie.replica.SlotRules;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The configurations of all slots of a large cluster go through an ensemble.
final class SlotsTest {
  private static final int NODES = 200;
  private static final int COPIES = 8;
  private static Servers servers;

  private final TestPlatform platform = new TestPlatform(new MemoryDisk());
  private Handles handles;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void begin() {
    handles = new Handles(servers);
  }

  @AfterEach
  void closeAll() throws IOException {
    handles.close();
    platform.assertNoFailures();
  }

  private static Member member(int number) throws IOException {
    byte[] address = {10, 0, (byte) (number * 7), (byte) number};
    return new Member(InetAddress.getByAddress(address), 7000, 128, number, 1L << 40);
  }

  @Test
  void allSlotsChangeWithTheMapAndOneByOne() throws IOException {
    Coordination one = handles.open(Handles.LONG);
    Coordination other = handles.open(Handles.LONG);
    ClusterBook maps = new ClusterBook(one, new SlotFollower(one));
    SlotBook book = book(other);
    try (SlotBookTask _ =
        new SlotBookTask(platform.platform(), Log.NONE, other, new ClusterBook(other), book)) {
      List<Member> members = new ArrayList<>();
      for (int i = 0; i < NODES; i++) {
        members.add(member(i));
      }
      maps.format(new Format(1, COPIES, 0, 0, "plain"), members, Instant.EPOCH);
      Await.until("the format is known", () -> book.of(0).isPresent());
      assertEquals(COPIES, book.holders(0).size());
      List<Seat> seats =
          IntStream.range(0, NODES)
              .mapToObj(i -> i % 3 == 0 ? down(members.get(i)) : Seat.of(members.get(i), i, 0))
              .toList();
      assertTrue(maps.advance(1, seats, Instant.EPOCH));
      Await.until("the map is known", () -> !book.nodes().isUp().test(members.getFirst().name()));
      assertFalse(book.of(77).orElseThrow().acting().isEmpty());
      SlotConfig before = book.of(77).orElseThrow();
      SlotConfig after = new SlotRules(1).handOver(before, before.primary().orElseThrow());
      SlotBook first = book(one);
      assertTrue(first.commit(77, before, after));
      assertEquals(Optional.of(after), book.look(77));
      assertFalse(book.commit(77, before, after));
    }
  }

  private static Seat down(Member member) {
    return new Seat(member, Seat.State.DOWN, 0, 0, false, List.of());
  }

  private static SlotBook book(Coordination records) throws IOException {
    MemoryDisk disk = new MemoryDisk();
    EpochMemory memory = new EpochMemory(disk, disk.directories("/node"));
    return new SlotBook(records, new ClusterBook(records), memory, Optional::empty, member(0));
  }
}
