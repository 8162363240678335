package dev.kelpie.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// What a [Coordination] keeps that several processes share. Each call of [#open] gives the handle
/// of another process on the same records.
public abstract class SharedCoordinationContract extends CoordinationContract {
  /// Ends the process of a handle as `kill -9` does, as far as others can tell.
  protected abstract void kill(Coordination handle);

  @Test
  void whatOneCommitsAllReadAtOnce() throws IOException {
    try (Coordination one = open();
        Coordination other = open()) {
      for (int i = 0; i < 100; i++) {
        Coordination writer = i % 2 == 0 ? one : other;
        Coordination reader = i % 2 == 0 ? other : one;
        assertTrue(writer.commit(List.of(put("a", "" + i, i))));
        assertEquals(i + " v" + (i + 1), show(reader.read("a")));
        assertEquals(List.of("a"), keys(reader.list("a")));
      }
    }
  }

  @Test
  void oneOfManyCompareAndSetsWinsEachRoundWhoeverMakesIt() throws Exception {
    try (Coordination one = open();
        Coordination two = open();
        Coordination three = open()) {
      int wins = contend(List.of(one, two, three));
      assertEquals(wins, two.read("n").orElseThrow().version());
    }
  }

  /// The one record is changed only while the other is what it was, so in the end the first has as
  /// many changes as were made in time.
  @Test
  void aCheckIsOfOneMomentWithTheChange() throws Exception {
    try (Coordination one = open();
        Coordination other = open()) {
      assertTrue(one.commit(List.of(put("map", "open", 0), put("n", "", 0))));
      AtomicInteger made = new AtomicInteger();
      Thread busy =
          Thread.startVirtualThread(() -> {
            long version = 1;
            while (commitsUnchecked(other, put("n", "", version), new Check("map", 1))) {
              version++;
              made.incrementAndGet();
            }
          });
      Await.until("some are made", () -> made.get() > 5);
      assertTrue(one.commit(List.of(put("map", "shut", 1))));
      long then = one.read("n").orElseThrow().version();
      busy.join();
      assertEquals(then, one.read("n").orElseThrow().version());
      assertEquals(then, made.get() + 1);
    }
  }

  private static boolean commitsUnchecked(Coordination records, Put change, Check check) {
    try {
      return commit(records, change, check);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aWatchIsToldOfWhatOthersCommit() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination one = open();
        Coordination other = open();
        Watch _ = one.watch("vdi/", told::incrementAndGet)) {
      other.commit(List.of(put("vdi/1", "", 0)));
      Await.until("the new record is told", () -> told.get() > 0);
      int before = told.get();
      other.commit(List.of(put("vdi/1", "", 1)));
      Await.until("its change is told", () -> told.get() > before);
      int then = told.get();
      other.commit(List.of(delete("vdi/1", 2)));
      Await.until("its end is told", () -> told.get() > then);
    }
  }

  @Test
  void whoIsKilledIsGoneAndTold() throws IOException {
    AtomicInteger told = new AtomicInteger();
    Coordination killed = open();
    try (Coordination one = open();
        Watch _ = one.watch("live/", told::incrementAndGet)) {
      announce(killed, "live/b");
      Await.until("it is told", () -> told.get() > 0);
      assertEquals(List.of("live/b"), keys(one.list("live/")));
      assertEquals(Optional.empty(), one.announce("live/b", new byte[0], () -> {}));
      int before = told.get();
      kill(killed);
      Await.until("its end is told", () -> told.get() > before && one.list("live/").isEmpty());
      try (Presence again = announce(one, "live/b")) {
        assertTrue(again.lease() > 0);
      }
    }
  }

  @Test
  void whatTheKilledCommittedStays() throws IOException {
    Coordination killed = open();
    assertTrue(killed.commit(List.of(put("a", "1", 0))));
    kill(killed);
    try (Coordination one = open()) {
      assertEquals("1 v1", show(one.read("a")));
      assertTrue(one.commit(List.of(put("a", "2", 1))));
    }
  }

  @Test
  void anAnnouncedRecordOfAnotherIsNotForCommits() throws IOException {
    try (Coordination one = open();
        Coordination other = open();
        Presence presence = announce(one, "live/a")) {
      assertFalse(commits(other, List.of(put("live/a", "", 1)), List.of()));
      assertFalse(commits(other, List.of(put("a", "", 0)), List.of(new Check("live/a", 1))));
      assertEquals(Optional.empty(), other.read("a"));
      assertEquals("here v1", show(other.read("live/a")));
      presence.update("there".getBytes(UTF_8));
      assertEquals("there v2", show(other.read("live/a")));
    }
  }

  private static boolean commits(Coordination records, List<Put> changes, List<Check> checks)
      throws IOException {
    try {
      return records.commit(changes, checks);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
