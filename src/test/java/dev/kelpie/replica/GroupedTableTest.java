package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryCoordination;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Commits of many slots that are made together.
final class GroupedTableTest {
  private static final int MANY = 600;

  private final MemoryDisk disk = new MemoryDisk();
  private final TestPlatform platform = new TestPlatform(disk);
  private final MemoryCoordination records = new MemoryCoordination();
  private final ClusterBook maps = new ClusterBook(records, new SlotFollower(records));
  private final SlotBook book;
  private final GroupedTable table;

  GroupedTableTest() throws IOException {
    Member member = new Member(InetAddress.getLoopbackAddress(), 7000, 128, 0, 1);
    maps.format(new Format(1, 1, 0, 0, "plain"), List.of(member), Instant.EPOCH);
    EpochMemory memory = new EpochMemory(disk, disk.directories("/node"));
    book = new SlotBook(records, maps, memory, Optional::empty, member);
    table = new GroupedTable(book, platform.platform().locks());
  }

  private boolean handOver(int slot) {
    SlotConfig before = book.of(slot).orElseThrow();
    SlotConfig after = table.rules().handOver(before, before.primary().orElseThrow());
    try {
      return table.commit(slot, before, after);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatGathersDuringACommitIsOneCommit() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch on = new CountDownLatch(1);
    records.beforeNextCommit(() -> {
      begun.countDown();
      try {
        on.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
    CompletableFuture<Boolean> first = CompletableFuture.supplyAsync(() -> handOver(0));
    begun.await();
    long before = records.read(SlotShard.key(0)).orElseThrow().version();
    List<Thread> others = new ArrayList<>();
    List<Boolean> done = java.util.Collections.synchronizedList(new ArrayList<>());
    for (int slot : IntStream.rangeClosed(1, MANY).toArray()) {
      others.add(Thread.startVirtualThread(() -> done.add(handOver(slot))));
    }
    Await.until(
        "all wait", () -> others.stream().allMatch(t -> t.getState() == Thread.State.WAITING));
    on.countDown();
    assertTrue(first.get());
    for (Thread other : others) {
      other.join();
    }
    assertEquals(MANY, done.size());
    assertFalse(done.contains(false));
    assertEquals(before + 2, records.read(SlotShard.key(0)).orElseThrow().version());
    for (int slot = 0; slot <= MANY; slot++) {
      assertEquals(2, table.look(slot).orElseThrow().ballot());
    }
  }

  @Test
  void whatIsNotRightAnyMoreIsLeftOut() throws IOException {
    SlotConfig first = book.of(0).orElseThrow();
    assertTrue(handOver(0));
    SlotConfig second = book.of(1).orElseThrow();
    SlotChange late =
        new SlotChange(0, first, table.rules().handOver(first, name()), Optional.empty());
    SlotChange right =
        new SlotChange(1, second, table.rules().handOver(second, name()), Optional.empty());
    assertEquals(List.of(right), book.commit(List.of(late, right)));
    assertEquals(List.of(2L, 2L), List.of(ballot(0), ballot(1)));
  }

  private String name() {
    return book.of(0).orElseThrow().primary().orElseThrow();
  }

  private long ballot(int slot) throws IOException {
    return book.look(slot).orElseThrow().ballot();
  }
}
