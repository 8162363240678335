package dev.kelpie.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// What every [Coordination] keeps, seen by one process.
public abstract class CoordinationContract {
  private static final int ROUNDS = 50;
  private static final int TASKS = 8;

  /// Opens the records as a process does that starts; what was committed before is there.
  protected abstract Coordination open() throws IOException;

  @Test
  void recordsAreThereAfterReopening() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("vdi/1", "one", 0), put("vdi/2", "two", 0))));
      assertTrue(records.commit(List.of(put("vdi/1", "uno", 1), delete("vdi/2", 1))));
    }
    try (Coordination records = open()) {
      assertEquals("uno v2", show(records.read("vdi/1")));
      assertEquals(Optional.empty(), records.read("vdi/2"));
    }
  }

  @Test
  void aCommitWithOneWrongVersionChangesNothing() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      assertFalse(records.commit(List.of(put("b", "2", 0), put("a", "3", 0))));
      assertFalse(records.commit(List.of(put("b", "2", 0), put("a", "3", 2))));
      assertFalse(records.commit(List.of(delete("c", 1))));
      assertEquals("1 v1", show(records.read("a")));
      assertEquals(Optional.empty(), records.read("b"));
    }
  }

  @Test
  void aCommitIsMadeOnlyWhereItsChecksHold() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("map", "1", 0), put("slots/1", "1", 0))));
      assertTrue(commit(records, put("slots/1", "2", 1), new Check("map", 1)));
      assertFalse(commit(records, put("slots/1", "3", 2), new Check("map", 2)));
      assertFalse(commit(records, put("slots/1", "3", 2), new Check("map", 0)));
      assertFalse(commit(records, put("slots/1", "3", 2), new Check("none", 1)));
      assertFalse(commit(records, put("slots/1", "3", 1), new Check("map", 1)));
      assertTrue(records.commit(List.of(put("map", "2", 1))));
      assertFalse(commit(records, put("slots/1", "3", 2), new Check("map", 1)));
      assertTrue(commit(records, put("slots/1", "3", 2), new Check("map", 2)));
      assertEquals("3 v3", show(records.read("slots/1")));
      assertEquals("2 v2", show(records.read("map")));
    }
    try (Coordination records = open()) {
      assertEquals("2 v2", show(records.read("map")), "what is checked stays as it is");
    }
  }

  @Test
  void thatThereIsNoRecordCanBeChecked() throws IOException {
    try (Coordination records = open()) {
      assertTrue(commit(records, put("a", "1", 0), new Check("x/y", 0)));
      assertEquals(List.of("a"), keys(records.list("")));
      assertTrue(records.commit(List.of(put("x/y", "here", 0))));
      assertFalse(commit(records, put("a", "2", 1), new Check("x/y", 0)));
      assertTrue(records.commit(List.of(delete("x/y", 1))));
      assertTrue(commit(records, put("a", "2", 1), new Check("x/y", 0)));
      assertEquals(List.of("a"), keys(records.list("")));
    }
  }

  @Test
  void aCommitCanBeAllChecks() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0), put("b", "1", 0))));
      assertTrue(records.commit(List.of(), List.of(new Check("a", 1), new Check("b", 1))));
      assertFalse(records.commit(List.of(), List.of(new Check("a", 1), new Check("b", 2))));
      assertTrue(records.commit(List.of(), List.of()));
    }
  }

  @Test
  void aListHasOnePrefixInTheOrderOfKeys() throws IOException {
    try (Coordination records = open()) {
      records.commit(
          List.of(
              put("vdi/2", "", 0),
              put("vdi/1", "one", 0),
              put("vdi-x/1", "", 0),
              put("vdi", "", 0),
              put("vdi/1/more", "", 0)));
      assertEquals(List.of("vdi/1", "vdi/1/more", "vdi/2"), keys(records.list("vdi/")));
      assertEquals("one", new String(records.list("vdi/").getFirst().value(), UTF_8));
      assertEquals(List.of(), records.list("none/"));
    }
  }

  @Test
  void valuesBelongToWhoHasThem() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "x", 0)));
      records.read("a").orElseThrow().value()[0] = 'y';
      assertEquals("x v1", show(records.read("a")));
    }
  }

  @Test
  void largestValueIsKept() throws IOException {
    byte[] large = new byte[Coordination.VALUE_MAX];
    large[large.length - 1] = 7;
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(new Put("a", Optional.of(large), 0))));
      assertEquals(7, records.read("a").orElseThrow().value()[large.length - 1]);
    }
  }

  @Test
  void tooLongAndDoubleChangesAreRefused() throws IOException {
    try (Coordination records = open()) {
      byte[] tooLong = new byte[Coordination.VALUE_MAX + 1];
      assertThrows(
          IllegalArgumentException.class,
          () -> records.commit(List.of(new Put("a", Optional.of(tooLong), 0))));
      assertThrows(
          IllegalArgumentException.class,
          () -> records.commit(List.of(put("a", "", 0), put("a", "", 1))));
      assertThrows(IllegalArgumentException.class, () -> records.commit(List.of(put("", "", 0))));
      assertThrows(
          IllegalArgumentException.class,
          () -> commit(records, put("a", "", 0), new Check("a", 0)));
      assertThrows(
          IllegalArgumentException.class,
          () -> records.commit(List.of(), List.of(new Check("a", 0), new Check("a", 1))));
      assertThrows(
          IllegalArgumentException.class,
          () -> records.commit(List.of(), List.of(new Check("", 0))));
    }
  }

  @Test
  void oneOfManyCompareAndSetsWinsEachRound() throws Exception {
    try (Coordination records = open()) {
      assertEquals(TASKS * ROUNDS, contend(List.of(records)));
      assertEquals(TASKS * ROUNDS, records.read("n").orElseThrow().version());
    }
  }

  /// Lets tasks on these handles change one record by compare-and-set.
  ///
  /// @return how many changes were answered with "made"
  static int contend(List<Coordination> handles) throws InterruptedException {
    AtomicInteger wins = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < TASKS; i++) {
      Coordination records = handles.get(i % handles.size());
      threads.add(Thread.startVirtualThread(() -> wins.addAndGet(win(records))));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return wins.get();
  }

  private static int win(Coordination records) {
    try {
      int wins = 0;
      while (wins < ROUNDS) {
        long version = records.read("n").map(Stored::version).orElse(0L);
        wins += records.commit(List.of(put("n", "", version))) ? 1 : 0;
      }
      return wins;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aWatchIsToldOfItsPrefixOnly() throws IOException {
    AtomicInteger vdis = new AtomicInteger();
    AtomicInteger others = new AtomicInteger();
    try (Coordination records = open();
        Watch _ = records.watch("vdi/", vdis::incrementAndGet)) {
      Watch ended = records.watch("other/", others::incrementAndGet);
      records.commit(List.of(put("vdi/1", "", 0)));
      Await.until("the new record is told", () -> vdis.get() > 0);
      int before = vdis.get();
      records.commit(List.of(put("vdi/1", "", 1)));
      Await.until("its change is told", () -> vdis.get() > before);
      int then = vdis.get();
      records.commit(List.of(delete("vdi/1", 2)));
      Await.until("its end is told", () -> vdis.get() > then);
      ended.close();
      records.commit(List.of(put("other/1", "", 0)));
      records.commit(List.of(put("vdi/2", "", 0)));
      Await.until("the next is told", () -> vdis.get() > then + 1);
      assertEquals(0, others.get());
    }
  }

  @Test
  void aWatchThatThrowsIsToldAgain() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = open();
        Watch _ =
            records.watch(
                "a",
                () -> {
                  told.incrementAndGet();
                  throw new IllegalStateException("of the test");
                })) {
      records.commit(List.of(put("a", "", 0)));
      Await.until("it is told", () -> told.get() == 1);
      records.commit(List.of(put("a", "", 1)));
      Await.until("it is told again", () -> told.get() == 2);
    }
  }

  @Test
  void anAnnouncedRecordIsThereUntilItsMakerClosesIt() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = open();
        Watch _ = records.watch("live/", told::incrementAndGet)) {
      Presence presence = announce(records, "live/a");
      Await.until("it is told", () -> told.get() > 0);
      assertEquals("here v1", show(records.read("live/a")));
      assertEquals(List.of("live/a"), keys(records.list("live/")));
      assertTrue(presence.lease() > 0);
      presence.update("there".getBytes(UTF_8));
      assertEquals("there v2", show(records.read("live/a")));
      int before = told.get();
      presence.close();
      Await.until("its end is told", () -> told.get() > before);
      assertEquals(Optional.empty(), records.read("live/a"));
      assertTrue(presence.lease() <= 0);
      assertThrows(IOException.class, () -> presence.update(new byte[0]));
    }
  }

  @Test
  void anAnnouncedRecordIsChangedByItsMakerOnly() throws IOException {
    try (Coordination records = open();
        Presence _ = announce(records, "live/a")) {
      assertEquals(Optional.empty(), records.announce("live/a", new byte[0], () -> {}));
      assertThrows(
          IllegalArgumentException.class, () -> records.commit(List.of(put("live/a", "", 1))));
      assertThrows(
          IllegalArgumentException.class,
          () -> commit(records, put("a", "", 0), new Check("live/a", 1)));
    }
  }

  @Test
  void theEndOfAHandleEndsWhatItAnnounced() throws IOException {
    try (Coordination records = open()) {
      announce(records, "live/a");
    }
    try (Coordination records = open();
        Presence again = announce(records, "live/a")) {
      assertTrue(again.lease() > 0);
    }
  }

  static Presence announce(Coordination records, String key) throws IOException {
    return records.announce(key, "here".getBytes(UTF_8), () -> {}).orElseThrow();
  }

  static boolean commit(Coordination records, Put change, Check check) throws IOException {
    return records.commit(List.of(change), List.of(check));
  }

  static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(value.getBytes(UTF_8)), expected);
  }

  static Put delete(String key, long expected) {
    return new Put(key, Optional.empty(), expected);
  }

  static String show(Optional<Stored> stored) {
    return stored.map(s -> new String(s.value(), UTF_8) + " v" + s.version()).orElse("none");
  }

  static List<String> keys(List<Stored> records) {
    return records.stream().map(Stored::key).toList();
  }
}
