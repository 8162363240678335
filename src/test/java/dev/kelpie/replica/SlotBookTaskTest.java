package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Seat;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A node hears of what others commit.
final class SlotBookTaskTest {
  private final MemoryDisk disk = new MemoryDisk();
  private final TestPlatform platform = new TestPlatform(disk);
  private final RecordingLog log = new RecordingLog();
  private final Coordination records =
      new EmbeddedCoordination(platform.platform(), Log.NONE, disk.directories("/node"));
  private final Unreliable way = new Unreliable();
  private final ClusterBook maps = new ClusterBook(records, new SlotFollower(records));
  private final SlotBook other = book(records, "/other");
  private final SlotBook book = book(way, "/this");
  private final SlotBookTask task =
      new SlotBookTask(platform.platform(), log, way, new ClusterBook(way), book);

  private SlotBookTaskTest() throws IOException {}

  private SlotBook book(Coordination way, String directory) throws IOException {
    EpochMemory memory = new EpochMemory(disk, disk.directories(directory));
    return new SlotBook(way, new ClusterBook(way), memory, Optional::empty, member(0));
  }

  private static Member member(int number) {
    return new Member(InetAddress.getLoopbackAddress(), 7000 + number, 128, number, 1L << 40);
  }

  private void format() throws IOException {
    maps.format(
        new Format(1, 3, 0, 0, "plain"),
        IntStream.range(0, 3).mapToObj(SlotBookTaskTest::member).toList(),
        Instant.EPOCH);
    other.lookAtEverything();
  }

  private void step(int slot) throws IOException {
    SlotConfig before = other.of(slot).orElseThrow();
    SlotConfig after = new SlotRules(2).handOver(before, before.nodes().getLast());
    assertTrue(other.commit(slot, before, after));
  }

  @AfterEach
  void close() throws IOException {
    task.close();
    records.close();
    platform.assertNoFailures();
  }

  @Test
  void changesOfTheMapAndOfSlotsAreFollowed() throws IOException {
    format();
    Await.until("the format is known", () -> book.of(0).equals(other.of(0)));
    step(0);
    step(9000);
    Await.until("one is known", () -> book.of(0).equals(other.of(0)));
    Await.until("and the other", () -> book.of(9000).equals(other.of(9000)));
    List<Seat> seats = maps.cluster().orElseThrow().seats();
    assertTrue(maps.advance(1, seats.subList(0, 2), Instant.EPOCH));
    Await.until("the map is known", () -> book.edition().equals(maps.edition()));
    assertEquals(other.look(300), book.of(300));
  }

  @Test
  void whatCannotBeReadIsReadLater() throws IOException {
    format();
    Await.until("the format is known", () -> book.of(0).equals(other.of(0)));
    way.cut = true;
    step(0);
    Await.until("it is tried", () -> !log.messages(Level.ERROR).isEmpty());
    assertThrows(IOException.class, () -> book.look(0));
    step(1);
    way.cut = false;
    Await.until("one is known", () -> book.of(0).equals(other.of(0)));
    Await.until("and the other", () -> book.of(1).equals(other.of(1)));
    assertEquals(1, log.messages(Level.ERROR).size(), "it is said once");
  }

  /// A way to the records that can be cut.
  private final class Unreliable implements Coordination {
    private volatile boolean cut;

    private void reach() throws IOException {
      if (cut) {
        throw new IOException("injected fault");
      }
    }

    @Override
    public Optional<Stored> read(String key) throws IOException {
      reach();
      return records.read(key);
    }

    @Override
    public List<Stored> list(String prefix) throws IOException {
      reach();
      return records.list(prefix);
    }

    @Override
    public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
      reach();
      return records.commit(changes, checks);
    }

    @Override
    public Watch watch(String prefix, Runnable changed) throws IOException {
      return records.watch(prefix, changed);
    }

    @Override
    public Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException {
      reach();
      return records.announce(key, value, lost);
    }

    @Override
    public void close() {}
  }
}
