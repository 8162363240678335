package dev.kelpie.cluster.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordedLog;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is particular to records in a directory: its files, their faults, and who is taken for
/// dead.
final class LocalCoordinationTest {
  private final MemoryDisk disk = new MemoryDisk();
  private final Path directory = disk.directories("/shared");
  private final Path file = directory.resolve("coordination");
  private final Processes processes = new Processes(disk, directory);
  private final RecordedLog log = new RecordedLog();
  private final AtomicInteger lost = new AtomicInteger();

  // The file.

  @Test
  void aRewrittenFileIsFollowedByAll() throws IOException {
    byte[] large = new byte[100_000];
    AtomicInteger others = new AtomicInteger();
    AtomicInteger told = new AtomicInteger();
    try (Coordination one = open();
        Coordination other = open();
        Coordination sleeper = open();
        Presence _ = announce(other, "live/other");
        Watch _ = sleeper.watch("stays", others::incrementAndGet);
        Watch _ = sleeper.watch("a", told::incrementAndGet)) {
      assertTrue(one.commit(List.of(put("stays", "here", 0))));
      Await.until("it is told", () -> others.get() > 0);
      int before = others.get();
      for (int i = 0; i < 100; i++) {
        large[0] = (byte) i;
        Coordination writer = i % 2 == 0 ? one : other;
        assertTrue(writer.commit(List.of(new Put("a", Optional.of(large), i))));
      }
      try (DiskFile rewritten = disk.openReadOnly(file)) {
        assertTrue(rewritten.size() < 2_000_000, "garbage stayed");
      }
      assertFalse(disk.exists(directory.resolve("coordination.new")));
      assertEquals(99, one.read("a").orElseThrow().value()[0]);
      assertEquals(99, sleeper.read("a").orElseThrow().value()[0]);
      assertEquals("here v1", show(sleeper.read("live/other")));
      assertTrue(sleeper.commit(List.of(put("a", "small", 100))));
      assertEquals("small v101", show(other.read("a")));
      Await.until("it is told", () -> told.get() > 0);
      assertEquals(before, others.get(), "told of what a rewrite left as it was");
    }
    try (Coordination again = open()) {
      assertEquals("small v101", show(again.read("a")));
      assertEquals(Optional.empty(), again.read("live/other"));
    }
  }

  @Test
  void damageBeforeTheTailIsRefusedWithFileAndOffset() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "first", 0)));
      records.commit(List.of(put("b", "second", 0)));
    }
    disk.flip(file, (32 + 24 + 3) * 8L);
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith(file + " is damaged at byte 32;"),
        refused::toString);
  }

  @Test
  void damageOfTheLastFrameIsRefusedTooSinceItSaysThatItIsWhole() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "first", 0)));
    }
    disk.flip(file, (32 + 24 + 3) * 8L);
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith(file + " is damaged at byte 32;"),
        refused::toString);
  }

  @Test
  void recordsMoveBetweenANodeThatIsAloneAndNodesThatShare() throws IOException {
    try (Coordination alone = openEmbedded()) {
      alone.commit(List.of(put("a", "one", 0)));
      alone.commit(List.of(put("a", "two", 1), put("b", "x", 0)));
    }
    try (Coordination one = open();
        Coordination other = open()) {
      assertEquals("two v2", show(one.read("a")));
      assertEquals("x v1", show(other.read("b")));
      assertTrue(other.commit(List.of(put("a", "three", 2))));
      assertEquals("three v3", show(one.read("a")));
    }
    Coordination killed = open();
    announce(killed, "live/killed");
    processes.kill(killed);
    try (Coordination alone = openEmbedded()) {
      assertEquals("three v3", show(alone.read("a")));
      assertEquals(List.of(), alone.list("live/"), "nobody who shared is here");
      assertTrue(alone.commit(List.of(put("live/killed", "free", 0))));
    }
  }

  @Test
  void aFailedWriteChangesNothingAndTheNextCommitWorks() throws IOException {
    try (Coordination one = open();
        Coordination other = open()) {
      one.commit(List.of(put("a", "1", 0)));
      try (Faults.Ended _ = disk.faults().fail(DiskCall.WRITE, file::equals, 1)) {
        IOException failed =
            assertThrows(IOException.class, () -> one.commit(List.of(put("a", "2", 1))));
        assertFalse(failed instanceof InDoubt);
      }
      assertEquals("1 v1", show(one.read("a")));
      assertEquals("1 v1", show(other.read("a")));
      assertTrue(one.commit(List.of(put("a", "3", 1))));
      assertEquals("3 v2", show(other.read("a")));
    }
  }

  @Test
  void afterAFailedSyncAProcessLeavesAndOthersGoOn() throws IOException {
    try (Coordination one = open(log);
        Coordination other = open()) {
      Presence presence =
          one.announce("live/one", new byte[0], lost::incrementAndGet).orElseThrow();
      try (Faults.Ended _ = disk.faults().fail(DiskCall.SYNC, file::equals, 1)) {
        assertThrows(InDoubt.class, () -> one.commit(List.of(put("a", "1", 0))));
      }
      IOException later =
          assertThrows(IOException.class, () -> one.commit(List.of(put("b", "1", 0))));
      assertFalse(later instanceof InDoubt);
      assertThrows(IOException.class, () -> one.read("a"));
      assertEquals(0, presence.lease());
      Await.until("the loss is told", () -> lost.get() == 1);
      Await.until("it is gone", () -> other.list("live/").isEmpty());
      assertTrue(other.commit(List.of(put("b", "2", 0))));
      assertEquals(1, log.at(Level.ALERT).size());
    }
    assertEquals(1, lost.get());
  }

  @Test
  void smallCommitsStillWorkOnAFullDisk() throws IOException {
    byte[] value = new byte[1000];
    try (Coordination one = open();
        Coordination other = open()) {
      one.commit(List.of(new Put("a", Optional.of(value), 0)));
      disk.capacity(directory, 0);
      for (int i = 0; i < 50; i++) {
        Coordination writer = i % 2 == 0 ? one : other;
        assertTrue(writer.commit(List.of(new Put("a", Optional.of(value), 1 + i))));
      }
      disk.capacity(directory, Long.MAX_VALUE);
    }
  }

  // The directory.

  @Test
  void aDirectoryThatIsGoneEndsEverythingOnce() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = open(log);
        Watch _ = records.watch("a", told::incrementAndGet)) {
      Presence presence =
          records.announce("live/one", new byte[0], lost::incrementAndGet).orElseThrow();
      deleteAll();
      disk.delete(directory);
      Await.until("the loss is told", () -> lost.get() == 1);
      assertEquals(0, presence.lease());
      assertThrows(IOException.class, () -> presence.update(new byte[0]));
      IOException gone = assertThrows(IOException.class, () -> records.read("a"));
      assertEquals(
          file + " is gone: somebody deleted it or its directory; restart sheep",
          gone.getMessage());
      assertThrows(IOException.class, () -> records.commit(List.of(put("a", "1", 0))));
      assertThrows(IOException.class, () -> announce(records, "live/two"));
      Await.until("watches look again, and meet the error", () -> told.get() > 0);
    }
    assertEquals(1, lost.get());
    assertEquals(1, log.at(Level.ALERT).size(), log.at(Level.ALERT)::toString);
  }

  @Test
  void aCommitIntoADirectoryThatIsGoneFailsAtOnce() throws IOException {
    try (Coordination records = open()) {
      deleteAll();
      assertThrows(IOException.class, () -> records.commit(List.of(put("a", "1", 0))));
    }
  }

  @Test
  void anotherClustersFileInTheSamePlaceIsNotTakenForOurs() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      records.announce("live/one", new byte[0], lost::incrementAndGet);
      deleteAll();
      try (Coordination stranger = open()) {
        assertEquals(Optional.empty(), stranger.read("a"));
        Await.until("the loss is told", () -> lost.get() == 1);
        assertThrows(IOException.class, () -> records.read("a"));
        assertThrows(IOException.class, () -> records.commit(List.of(put("a", "2", 1))));
        assertEquals(List.of(), stranger.list(""));
      }
    }
  }

  @Test
  void whoseSessionFileIsDeletedIsTakenForDeadAndTold() throws IOException {
    try (Coordination records = open()) {
      String mine = sessions().getFirst();
      records.announce("live/one", new byte[0], lost::incrementAndGet);
      try (Coordination other = open()) {
        disk.delete(directory.resolve(mine));
        Await.until("others take it for dead", () -> other.list("live/").isEmpty());
        Await.until("it is told", () -> lost.get() == 1);
        Await.until("it says why", () -> !reads(records));
      }
    }
    assertEquals(1, lost.get());
  }

  @Test
  void aDirectoryThatCannotBeReadForAWhileIsGivenUp() throws IOException {
    try (Coordination records = open(log)) {
      records.announce("live/one", new byte[0], lost::incrementAndGet);
      try (Faults.Ended _ = disk.faults().fail(DiskCall.READ, file::equals, 3)) {
        Await.until("it reads again", () -> reads(records));
        assertEquals(0, lost.get());
      }
      try (Faults.Ended _ = disk.faults().fail(DiskCall.READ, file::equals)) {
        assertThrows(IOException.class, () -> records.read("a"));
        Await.until("the loss is told", () -> lost.get() == 1);
      }
      assertThrows(IOException.class, () -> records.read("a"), "it does not come back");
    }
    assertEquals(1, log.at(Level.ALERT).size());
  }

  private static boolean reads(Coordination records) {
    try {
      return records.read("a").isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aDirectoryThatIsNotThereIsNamed() {
    Path missing = Path.of("/missing");
    IOException refused =
        assertThrows(
            IOException.class,
            () -> new LocalCoordination(TestPlatform.real(disk), Log.NONE, missing));
    assertTrue(String.valueOf(refused.getMessage()).startsWith("/missing "), refused::toString);
  }

  @Test
  void aLossIsToldLaterWhereThereIsNoThreadForIt() throws IOException {
    TestPlatform scarce = new TestPlatform(disk);
    try (Coordination records = new LocalCoordination(scarce.platform(), log, directory)) {
      records.announce("live/one", new byte[0], lost::incrementAndGet);
      scarce.tasks().refuse(name -> name.startsWith("cluster-lost"), this::noThread);
      deleteAll();
      Await.until("it is put off", () -> !log.at(Level.WARN).isEmpty());
      assertEquals(0, lost.get());
      scarce.tasks().allowAll();
      Await.until("it is told", () -> lost.get() == 1);
    }
    assertEquals(1, lost.get());
    scarce.assertNoFailures();
  }

  @Test
  void withoutAThreadToLookAroundNothingIsOpened() throws IOException {
    TestPlatform scarce = new TestPlatform(disk);
    scarce.tasks().refuse(name -> name.equals("cluster-lookout"), this::noThread);
    assertThrows(IOException.class, () -> new LocalCoordination(scarce.platform(), log, directory));
    disk.assertNothingOpen();
  }

  private void noThread() {
    throw new RejectedExecutionException("of the test");
  }

  // Who has the lock, and who lives.

  @Test
  void whileAProcessIsPausedInItsTurnOthersReadAndTheirCommitsFailAfterTheLimit() throws Exception {
    ManualClock clock = new ManualClock();
    try (Coordination other = open();
        Coordination records =
            new LocalCoordination(new TestPlatform(disk, clock).platform(), Log.NONE, directory)) {
      assertTrue(other.commit(List.of(put("a", "1", 0))));
      Closeable paused = disk.lock(directory.resolve("lock")).orElseThrow();
      List<String> refused = new CopyOnWriteArrayList<>();
      Thread committer =
          Thread.startVirtualThread(() ->
              refused.add(
                  String.valueOf(
                      assertThrows(
                              IOException.class, () -> records.commit(List.of(put("a", "2", 1))))
                          .getMessage())));
      Await.until(
          "it gives up",
          () -> {
            assertEquals("1 v1", show(records.read("a")));
            clock.advance(DirectoryLock.LIMIT.dividedBy(10));
            return !committer.isAlive();
          });
      assertTrue(
          refused
              .getFirst()
              .startsWith("not committed: another process has had /shared/lock for 10 s;"),
          refused::toString);
      paused.close();
      assertTrue(records.commit(List.of(put("a", "3", 1))));
      assertEquals("3 v2", show(other.read("a")));
    }
  }

  @Test
  void whatDeadProcessesLeaveIsClearedByWhoComesNext() throws IOException {
    for (int i = 0; i < 3; i++) {
      Coordination killed = open();
      announce(killed, "live/" + i);
      processes.kill(killed);
    }
    try (Coordination records = open()) {
      assertEquals(List.of(), records.list("live/"));
      assertEquals(1, sessions().size(), "only its own");
    }
    assertEquals(List.of("coordination", "lock"), disk.list(directory));
  }

  @Test
  void afterAPowerCutNobodyIsAnnounced() throws IOException {
    Coordination killed = open();
    announce(killed, "live/a");
    assertTrue(killed.commit(List.of(put("a", "1", 0))));
    MemoryDisk after =
        disk.afterPowerCut(Seeds.generator("afterAPowerCutNobodyIsAnnounced"), Keep.RANDOM);
    try (Coordination records =
        new LocalCoordination(TestPlatform.real(after), Log.NONE, directory)) {
      assertEquals(List.of("a"), records.list("").stream().map(Stored::key).toList());
    }
    processes.kill(killed);
  }

  @Test
  void manyDeathsAtOnceAreFoundByWhoIsLeft() throws IOException {
    try (Coordination left = open()) {
      for (int i = 0; i < 10; i++) {
        Coordination killed = open();
        announce(killed, "live/" + i);
        processes.kill(killed);
      }
      Await.until("all are gone", () -> left.list("live/").isEmpty());
      Await.until("their files too", () -> sessions().size() == 1);
    }
  }

  @Test
  void aHandleThatIsClosedAnswersNothing() throws IOException {
    Coordination records = open();
    Presence presence =
        records.announce("live/one", new byte[0], lost::incrementAndGet).orElseThrow();
    records.close();
    records.close();
    presence.close();
    assertThrows(IOException.class, () -> records.read("a"));
    assertThrows(IOException.class, () -> records.commit(List.of(put("a", "1", 0))));
    assertEquals(0, presence.lease());
    assertEquals(0, lost.get());
  }

  @Test
  void anEarlierPresenceHasNoSayInALaterOneOfTheSameKey() throws IOException {
    try (Coordination records = open()) {
      Presence earlier = announce(records, "live/a");
      earlier.close();
      Presence later = announce(records, "live/a");
      earlier.close();
      assertThrows(IOException.class, () -> earlier.update(new byte[0]));
      assertEquals("here v1", show(records.read("live/a")));
      assertTrue(later.lease() > 0);
    }
  }

  @AfterEach
  void nothingIsLeftOpen() {
    disk.assertNothingOpen();
  }

  private Coordination open() throws IOException {
    return processes.open();
  }

  private Coordination open(Log to) throws IOException {
    return new LocalCoordination(TestPlatform.real(disk), to, directory);
  }

  private Coordination openEmbedded() throws IOException {
    return new EmbeddedCoordination(TestPlatform.real(disk), Log.NONE, directory);
  }

  private void deleteAll() throws IOException {
    for (String name : disk.list(directory)) {
      disk.delete(directory.resolve(name));
    }
  }

  private List<String> sessions() throws IOException {
    return Session.all(disk, directory);
  }

  private static Presence announce(Coordination records, String key) throws IOException {
    return records.announce(key, "here".getBytes(UTF_8), () -> {}).orElseThrow();
  }

  private static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(value.getBytes(UTF_8)), expected);
  }

  private static String show(Optional<Stored> stored) {
    return stored.map(s -> new String(s.value(), UTF_8) + " v" + s.version()).orElse("none");
  }
}
