package dev.kelpie.cluster.zookeeper;

import static dev.kelpie.cluster.zookeeper.Handles.delete;
import static dev.kelpie.cluster.zookeeper.Handles.inTask;
import static dev.kelpie.cluster.zookeeper.Handles.put;
import static dev.kelpie.cluster.zookeeper.Handles.show;
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
import dev.kelpie.cluster.SharedCoordinationContract;
import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract, and what an ensemble adds to it.
final class ZooKeeperCoordinationTest extends SharedCoordinationContract {
  private static Servers servers;

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
  }

  @Override
  protected Coordination open() throws IOException {
    return handles.open(Handles.LONG);
  }

  @Override
  protected void kill(Coordination handle) {
    handles.kill(handle);
  }

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
  void versionsThatNoRecordHasAreRefused() throws IOException {
    try (Coordination records = open()) {
      assertTrue(records.commit(List.of(put("a", "1", 0))));
      for (long version : List.of(-1L, Long.MIN_VALUE, 1L << 31, (1L << 32) + 1, Long.MAX_VALUE)) {
        assertFalse(records.commit(List.of(put("a", "2", version))));
        assertFalse(records.commit(List.of(put("b", "2", version))));
      }
      assertEquals("1 v1", show(records.read("a")));
    }
  }

  @Test
  void whatNoKeyBeginsWithIsRefused() throws IOException {
    try (Coordination records = open()) {
      assertThrows(IllegalArgumentException.class, () -> records.list("/"));
      assertThrows(IllegalArgumentException.class, () -> records.watch("a//", () -> {}));
      assertThrows(IllegalArgumentException.class, () -> records.read("a/"));
    }
  }

  @Test
  void moreThanTheServersTakeIsRefusedAtOnce() throws IOException {
    try (Coordination records = open()) {
      IOException refused =
          assertThrows(IOException.class, () -> records.commit(twoValues(Coordination.VALUE_MAX)));
      assertTrue(refused.toString().contains("2 changes with 10"), refused.toString());
      assertEquals(List.of(), records.list(""));
      assertTrue(records.commit(twoValues(519_800)));
    }
  }

  private static List<Put> twoValues(int size) {
    return List.of(
        new Put("a", Optional.of(new byte[size]), 0), new Put("b", Optional.of(new byte[size]), 0));
  }

  @Test
  void moreRecordsThanAreAskedForAtOnceAreListed() throws IOException {
    try (Coordination records = open()) {
      for (int i = 0; i < 2; i++) {
        List<Put> changes = new ArrayList<>();
        for (int j = 0; j < 1000; j++) {
          changes.add(put(String.format("vdi/%06x", 1000 * i + j), "value of " + j, 0));
        }
        assertTrue(records.commit(changes));
      }
      assertTrue(records.commit(List.of(put("vdj/1", "", 0))));
      List<Stored> all = records.list("vdi/");
      assertEquals(2000, all.size());
      assertEquals("vdi/0007cf", all.getLast().key());
      assertEquals(256, records.list("vdi/0001").size());
    }
  }

  @Test
  void whoIsCutOffIsToldSoInTime() throws Exception {
    Coordination records = handles.open(Handles.SHORT);
    assertTrue(records.commit(List.of(put("a", "1", 0))));
    kill(records);
    Await.until("it is noticed", () -> !handles.logged(Level.WARN).isEmpty());
    List<FutureTask<?>> calls =
        List.of(
            inTask(() -> records.read("a")),
            inTask(() -> records.list("")),
            inTask(() -> records.commit(List.of(put("a", "2", 1)))),
            inTask(() -> records.watch("a", () -> {})),
            inTask(() -> records.announce("live/a", new byte[0], () -> {})));
    String all = handles.route(records).servers();
    for (FutureTask<?> call : calls) {
      Await.until("it fails", Handles.SHORT.multipliedBy(2), call::isDone);
      Exception failed = assertThrows(Exception.class, call::get);
      Throwable why = failed.getCause();
      assertTrue(why instanceof IOException && !(why instanceof InDoubt), failed.toString());
      assertTrue(failed.toString().contains(all), failed.toString());
      assertTrue(failed.toString().contains("start its servers"), failed.toString());
    }
  }

  @Test
  void aTimeoutThatTheServersDoNotTakeIsReplaced() throws IOException {
    try (Coordination records = handles.open(Duration.ofMinutes(1))) {
      Presence presence = records.announce("live/a", new byte[0], () -> {}).orElseThrow();
      assertTrue(presence.lease() <= Handles.LONG.toNanos() / 10 * 6);
      assertTrue(
          handles
              .logged(Level.NOTICE)
              .getFirst()
              .endsWith("it is " + Handles.LONG.toMillis() + " ms"),
          handles.logged(Level.NOTICE)::toString);
    }
  }

  @Test
  void serversThatAreNotThereAreNamed() throws IOException {
    Route nowhere = new Route(servers.ports());
    nowhere.close();
    ZooKeeperOptions options =
        new ZooKeeperOptions(nowhere.servers(), "/a", Duration.ofMillis(300), Optional.empty());
    TestPlatform platform = new TestPlatform(new MemoryDisk());
    IOException refused =
        assertThrows(
            IOException.class,
            () -> new ZooKeeperCoordination(platform.platform(), Log.NONE, options));
    assertTrue(
        String.valueOf(refused.getMessage())
            .startsWith("failed to connect to zk server " + nowhere.servers()),
        refused.toString());
    platform.assertNoFailures();
  }

  /// With the answer to what the reader sent ahead comes all that was committed before.
  @Test
  void whatAServerHasThatLagsIsNotBelieved() throws Exception {
    int follower = servers.follower();
    try (Coordination reader = handles.openAt(follower);
        Coordination writer = handles.openAt(follower % 3 + 1)) {
      assertTrue(writer.commit(List.of(put("a", "old", 0))));
      assertEquals("old v1", show(reader.read("a")));
      servers.link(follower).holdAnswers();
      FutureTask<Optional<Stored>> read;
      FutureTask<List<Stored>> list;
      try {
        assertTrue(writer.commit(List.of(put("a", "new", 1))));
        read = inTask(() -> reader.read("a"));
        list = inTask(() -> reader.list(""));
        for (int i = 0; i < 50; i++) {
          assertTrue(writer.commit(List.of(put("b", "time for an answer", i))));
        }
      } finally {
        servers.link(follower).release();
      }
      assertEquals("new v2", show(read.get()));
      assertEquals("new v2", show(list.get().stream().findFirst()));
    }
  }

  @Test
  void whatChangedWhileNobodyWasConnectedIsTold() throws IOException {
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = handles.open(Handles.LONG);
        Coordination other = handles.open(Handles.LONG);
        Watch _ = records.watch("vdi/", told::incrementAndGet)) {
      Route route = handles.route(records);
      route.hold();
      route.breakConnections();
      assertTrue(other.commit(List.of(put("vdi/1", "", 0))));
      assertEquals(0, told.get());
      route.release();
      Await.until("the change is told", () -> told.get() > 0);
      int before = told.get();
      assertTrue(other.commit(List.of(put("vdi/1", "", 1))));
      Await.until("the next one is told", () -> told.get() > before);
    }
  }
}
