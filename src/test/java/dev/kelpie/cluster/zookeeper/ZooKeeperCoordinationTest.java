package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.cluster.SharedCoordinationContract;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against an ensemble that works; what fails is the way there. Each test has a root of its own.
final class ZooKeeperCoordinationTest extends SharedCoordinationContract {
  private static final Duration TIMEOUT = Duration.ofMillis(2000);
  private static final AtomicInteger ROOTS = new AtomicInteger();

  private static Servers servers;

  private final String root = "/test/" + ROOTS.incrementAndGet();
  private final TestPlatform platform = new TestPlatform(new MemoryDisk());
  private final RecordingLog log = new RecordingLog();
  private final Map<Coordination, Route> routes = new ConcurrentHashMap<>();

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @AfterEach
  void closeAll() throws IOException {
    for (Map.Entry<Coordination, Route> entry : routes.entrySet()) {
      entry.getKey().close();
      entry.getValue().close();
    }
    platform.assertNoFailures();
  }

  @Override
  protected Coordination open() throws IOException {
    return open(platform);
  }

  private Coordination open(TestPlatform on) throws IOException {
    Route route = new Route(servers.ports());
    ZooKeeperOptions options =
        new ZooKeeperOptions(route.servers(), root, TIMEOUT, Optional.empty());
    Coordination opened = new ZooKeeperCoordination(on.platform(), log, options);
    routes.put(opened, route);
    return opened;
  }

  @Override
  protected void kill(Coordination handle) {
    try {
      route(handle).close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Route route(Coordination handle) {
    Route route = routes.get(handle);
    if (route == null) {
      throw new AssertionError("not opened here");
    }
    return route;
  }

  // Records.

  @Test
  void aKeyCanBeAnyWords() throws IOException {
    List<String> keys =
        List.of("%3d", ".", "a b/..", "+commits/=x", "=", "größer \ud83d\ude00/\u0007");
    try (Coordination records = open()) {
      for (String key : keys) {
        assertTrue(records.commit(List.of(put(key, key, 0))), key);
      }
      assertEquals(
          keys.stream().sorted().toList(), records.list("").stream().map(Stored::key).toList());
      for (String key : keys) {
        assertEquals(key + " v1", show(records.read(key)));
      }
    }
  }

  @Test
  void aDeletedRecordBeginsAnew() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a/b", "1", 0))));
      assertTrue(records.commit(List.of(put("a/b/c", "below", 0), put("a/b", "2", 1))));
      assertTrue(records.commit(List.of(delete("a/b", 2))));
      assertEquals("below v1", show(records.read("a/b/c")));
      assertFalse(records.commit(List.of(put("a/b", "3", 3))));
      assertTrue(records.commit(List.of(put("a/b", "3", 0))));
      assertEquals("3 v1", show(records.read("a/b")));
    }
  }

  @Test
  void thatThereIsNoRecordCanBeACondition() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0), delete("x/y", 0))));
      assertEquals(List.of("a"), records.list("").stream().map(Stored::key).toList());
      assertTrue(records.commit(List.of(put("x/y", "here", 0))));
      assertFalse(records.commit(List.of(put("a", "2", 1), delete("x/y", 0))));
      assertEquals("1 v1", show(records.read("a")));
    }
  }

  @Test
  void moreThanTheServersTakeIsRefusedAtOnce() throws IOException {
    byte[] large = new byte[Coordination.VALUE_MAX];
    try (Coordination records = open()) {
      List<Put> changes =
          List.of(new Put("a", Optional.of(large), 0), new Put("b", Optional.of(large), 0));
      IOException refused = assertThrows(IOException.class, () -> records.commit(changes));
      assertTrue(refused.toString().contains("2 changes with 10"), refused.toString());
      assertEquals(List.of(), records.list(""));
      byte[] fits = new byte[500_000];
      assertTrue(
          records.commit(
              List.of(new Put("a", Optional.of(fits), 0), new Put("b", Optional.of(fits), 0))));
    }
  }

  @Test
  void tenThousandRecordsAreListedQuickly() throws IOException {
    try (Coordination records = open()) {
      for (int i = 0; i < 10; i++) {
        List<Put> changes = new ArrayList<>();
        for (int j = 0; j < 1000; j++) {
          changes.add(put(String.format("vdi/%06x", 1000 * i + j), "value of " + j, 0));
        }
        assertTrue(records.commit(changes));
      }
      assertTrue(records.commit(List.of(put("vdj/1", "", 0))));
      List<Stored> all = assertTimeout(Duration.ofSeconds(5), () -> records.list("vdi/"));
      assertEquals(10_000, all.size());
      assertEquals("vdi/00270f", all.getLast().key());
      assertEquals(256, records.list("vdi/0001").size());
    }
  }

  // Answers that are lost.

  @Test
  void aCommitWhoseAnswerIsLostFindsOutThatItWasMade() throws Exception {
    try (Coordination records = open();
        Coordination other = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      route(records).holdAnswers();
      FutureTask<Boolean> commit = start(() -> records.commit(List.of(put("a", "2", 1))));
      Await.until("it is made", () -> show(other.read("a")).equals("2 v2"));
      assertTrue(other.commit(List.of(put("a", "3", 2))), "so that the record does not tell");
      route(records).breakConnections();
      route(records).release();
      assertTrue(commit.get());
      assertTrue(records.commit(List.of(put("a", "4", 3))));
    }
  }

  @Test
  void aCommitThatIsLostIsMadeAfterAll() throws Exception {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      Route route = route(records);
      route.holdRequests();
      FutureTask<Boolean> commit = start(() -> records.commit(List.of(put("a", "2", 1))));
      Await.until("it is under way", () -> route.requestsWaiting() > 0);
      route.breakConnections();
      route.release();
      assertTrue(commit.get());
      assertEquals("2 v2", show(records.read("a")));
    }
  }

  @Test
  void aCommitThatCannotFindOutIsInDoubt() throws Exception {
    Coordination records = open();
    try (Coordination other = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      route(records).holdAnswers();
      FutureTask<Boolean> commit = start(() -> records.commit(List.of(put("a", "2", 1))));
      Await.until("it is made", () -> show(other.read("a")).equals("2 v2"));
      kill(records);
      Exception failed = assertThrows(Exception.class, commit::get);
      assertTrue(failed.getCause() instanceof InDoubt, failed.toString());
      assertTrue(failed.toString().contains(route(records).servers()), failed.toString());
    }
  }

  @Test
  void whoIsCutOffIsToldSoInTime() throws IOException {
    Coordination records = open();
    assertTrue(records.commit(List.of(put("a", "1", 0))));
    kill(records);
    Await.until("it is noticed", () -> !log.messages(Level.WARN).isEmpty());
    Duration limit = TIMEOUT.plusSeconds(3);
    for (Callable<?> call :
        List.<Callable<?>>of(
            () -> records.read("a"),
            () -> records.list(""),
            () -> records.commit(List.of(put("a", "2", 1))),
            () -> records.watch("a", () -> {}),
            () -> records.announce("live/a", new byte[0], () -> {}))) {
      IOException refused = assertTimeout(limit, () -> assertThrows(IOException.class, call::call));
      assertFalse(refused instanceof InDoubt, refused.toString());
      assertTrue(refused.toString().contains(route(records).servers()), refused.toString());
      assertTrue(refused.toString().contains("start its servers"), refused.toString());
    }
  }

  @Test
  void serversThatAreNotThereAreNamed() throws IOException {
    Route nowhere = new Route(servers.ports());
    nowhere.close();
    ZooKeeperOptions options =
        new ZooKeeperOptions(nowhere.servers(), root, Duration.ofMillis(300), Optional.empty());
    IOException refused =
        assertThrows(
            IOException.class, () -> new ZooKeeperCoordination(platform.platform(), log, options));
    assertTrue(
        String.valueOf(refused.getMessage())
            .startsWith("failed to connect to zk server " + nowhere.servers()),
        refused.toString());
  }

  // Watches.

  @Test
  void whatChangedWhileNobodyWasConnectedIsTold() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = open();
        Coordination other = open();
        Watch _ = records.watch("vdi/", told::incrementAndGet)) {
      route(records).hold();
      route(records).breakConnections();
      assertTrue(other.commit(List.of(put("vdi/1", "", 0))));
      assertEquals(0, told.get());
      route(records).release();
      Await.until("the change is told", () -> told.get() > 0);
      int before = told.get();
      assertTrue(other.commit(List.of(put("vdi/1", "", 1))));
      Await.until("the next one is told", () -> told.get() > before);
    }
  }

  // Presence.

  @Test
  void theLeaseOfWhoIsCutOffEndsBeforeTheOthersMissIt() throws IOException {
    cutOff(platform);
  }

  @Test
  void theLeaseEndsInTimeByAClockThatIsATenthSlow() throws IOException {
    Clock real = JvmPlatform.clock();
    TestPlatform slow =
        new TestPlatform(
            new MemoryDisk(),
            new Clock() {
              @Override
              public long nanos() {
                return real.nanos() / 10 * 9;
              }

              @Override
              public Instant now() {
                return real.now();
              }
            });
    cutOff(slow);
    slow.assertNoFailures();
  }

  private void cutOff(TestPlatform on) throws IOException {
    AtomicInteger lost = new AtomicInteger();
    try (Coordination records = open(on);
        Coordination other = open()) {
      Presence presence =
          records.announce("live/a", "here".getBytes(UTF_8), lost::incrementAndGet).orElseThrow();
      Await.until("a renewal", () -> presence.lease() > TIMEOUT.toNanos() / 2);
      route(records).hold();
      long served = System.nanoTime();
      while (other.read("live/a").isPresent()) {
        served = presence.lease() > 0 ? System.nanoTime() : served;
      }
      long early = System.nanoTime() - served;
      assertTrue(presence.lease() <= 0);
      assertTrue(early > TIMEOUT.toNanos() / 10, "only " + early + " ns earlier");
      assertEquals(0, lost.get(), "it cannot know yet");
      route(records).breakConnections();
      route(records).release();
      Await.until("it is told", () -> lost.get() > 0);
      assertThrows(IOException.class, () -> presence.update(new byte[0]));
      presence.close();
      try (Presence again =
          records.announce("live/a", "again".getBytes(UTF_8), () -> {}).orElseThrow()) {
        assertEquals("again v1", show(other.read("live/a")));
        assertTrue(again.lease() > 0);
        assertTrue(presence.lease() <= 0, "that one is over for good");
      }
      assertEquals(1, lost.get());
      assertTrue(
          log.messages(Level.ERROR).stream()
              .anyMatch(line -> line.startsWith("detect a session timeout. reconnecting...")),
          log.lines()::toString);
    }
  }

  @Test
  void aConnectionThatBreaksCostsNothing() throws IOException {
    AtomicInteger lost = new AtomicInteger();
    try (Coordination records = open();
        Presence presence =
            records.announce("live/a", new byte[0], lost::incrementAndGet).orElseThrow()) {
      for (int i = 0; i < 3; i++) {
        route(records).breakConnections();
        presence.update(new byte[] {(byte) i});
        assertEquals(i + 2, records.read("live/a").orElseThrow().version());
        assertTrue(presence.lease() > 0);
      }
      assertEquals(0, lost.get());
    }
  }

  @Test
  void whatAnOperatorDeletesIsLostAndNothingElse() throws IOException {
    AtomicInteger lost = new AtomicInteger();
    try (Coordination records = open();
        Coordination operator = open();
        Presence stays =
            records.announce("live/b", new byte[0], () -> lost.addAndGet(100)).orElseThrow()) {
      Presence deleted =
          records.announce("live/a", new byte[0], lost::incrementAndGet).orElseThrow();
      // The version of an ordinary record that would look like this one.
      assertTrue(operator.commit(List.of(delete("live/a", 2))));
      Await.until("it is told", () -> lost.get() > 0);
      assertTrue(deleted.lease() <= 0);
      try (Presence again =
          records.announce("live/a", new byte[0], () -> lost.addAndGet(100)).orElseThrow()) {
        Await.until("a renewal", () -> again.lease() > TIMEOUT.toNanos() / 2);
      }
      assertTrue(stays.lease() > 0);
      assertEquals(1, lost.get());
    }
  }

  @Test
  void anAnnouncementWhoseAnswerIsLostIsMade() throws Exception {
    try (Coordination records = open();
        Coordination other = open()) {
      assertTrue(records.commit(List.of(put("live/x", "", 0))));
      route(records).holdAnswers();
      FutureTask<Optional<Presence>> announce =
          start(() -> records.announce("live/a", "here".getBytes(UTF_8), () -> {}));
      Await.until("it is there", () -> other.read("live/a").isPresent());
      route(records).breakConnections();
      route(records).release();
      try (Presence presence = announce.get().orElseThrow()) {
        presence.update("there".getBytes(UTF_8));
        assertEquals("there v2", show(other.read("live/a")));
      }
      assertEquals(Optional.empty(), other.read("live/a"));
    }
  }

  @Test
  void whatCouldNotBeDeletedIsDeletedLater() throws Exception {
    try (Coordination records = open();
        Coordination other = open()) {
      Presence presence = records.announce("live/a", new byte[0], () -> {}).orElseThrow();
      route(records).holdRequests();
      FutureTask<Boolean> close =
          start(() -> {
            presence.close();
            return true;
          });
      Await.until("its lease is over", () -> presence.lease() <= 0);
      route(records).breakConnections();
      route(records).release();
      assertTrue(close.get());
      try (Presence again = other.announce("live/a", new byte[0], () -> {}).orElseThrow()) {
        AtomicLong least = new AtomicLong(Long.MAX_VALUE);
        Await.until(
            "renewals of both",
            () -> {
              long lease = again.lease();
              return least.getAndSet(lease) < lease;
            });
        assertTrue(other.read("live/a").isPresent(), "the first one's end is not this one's");
      }
    }
  }

  private static <R> FutureTask<R> start(Callable<R> call) {
    FutureTask<R> task = new FutureTask<>(call);
    Thread.startVirtualThread(task);
    return task;
  }

  private static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(value.getBytes(UTF_8)), expected);
  }

  private static Put delete(String key, long expected) {
    return new Put(key, Optional.empty(), expected);
  }

  private static String show(Optional<Stored> stored) {
    return stored.map(s -> new String(s.value(), UTF_8) + " v" + s.version()).orElse("none");
  }
}
