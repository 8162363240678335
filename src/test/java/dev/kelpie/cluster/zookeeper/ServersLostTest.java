package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Holdings;
import dev.kelpie.cluster.HomeCluster;
import dev.kelpie.cluster.Identity;
import dev.kelpie.cluster.MapSettings;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Membership;
import dev.kelpie.cluster.MembershipTask;
import dev.kelpie.log.Level;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Servers are stopped and started again, one or all.
final class ServersLostTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static Servers servers;

  private final RecordingLog log = new RecordingLog();
  private final TestPlatform platform = new TestPlatform(new MemoryDisk());

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @AfterEach
  void nothingLeftATask() {
    platform.assertNoFailures();
  }

  @Test
  void commitsGoOnWhileEachServerInTurnIsLostAndNoneIsForgotten() throws Exception {
    try (Coordination records = open("/one")) {
      Counter counter = new Counter(records);
      FutureTask<Boolean> counting = new FutureTask<>(counter);
      Thread.startVirtualThread(counting);
      for (int server = 1; server <= 3; server++) {
        servers.stop(server);
        counter.awaitMore(30);
        servers.start(server);
        counter.awaitMore(30);
      }
      counter.stop.set(true);
      assertTrue(counting.get());
      assertTrue(
          log.messages(Level.WARN).stream().anyMatch(line -> line.endsWith("another server")),
          "it was connected to one of them");
    }
  }

  /// Counts in one record, and checks at each step that the record is what the answers say.
  private static final class Counter implements Callable<Boolean> {
    private final Coordination records;
    private final AtomicLong counted = new AtomicLong();
    private final AtomicBoolean stop = new AtomicBoolean();

    Counter(Coordination records) {
      this.records = records;
    }

    void awaitMore(long more) {
      long from = counted.get();
      Await.until("it counts on", () -> counted.get() > from + more);
    }

    @Override
    public Boolean call() {
      long version = 0;
      while (!stop.get()) {
        byte[] value = ("" + (version + 1)).getBytes(UTF_8);
        try {
          assertTrue(
              records.commit(List.of(new Put("counter", Optional.of(value), version))),
              "nobody else counts");
          version++;
        } catch (InDoubt e) {
          long now = read();
          assertTrue(now == version || now == version + 1, version + " became " + now);
          version = now;
        } catch (IOException e) {
          assertEquals(version, read(), "not committed");
        }
        counted.set(version);
      }
      assertEquals(version, read());
      return true;
    }

    private long read() {
      while (true) {
        try {
          Optional<Stored> stored = records.read("counter");
          stored.ifPresent(s -> assertEquals("" + s.version(), new String(s.value(), UTF_8)));
          return stored.map(Stored::version).orElse(0L);
        } catch (IOException _) {
          // As long as no server can be reached.
        }
      }
    }
  }

  @Test
  void withoutServersTheLeaseRunsOutAndWithThemAllGoesOn() throws Exception {
    AtomicInteger lost = new AtomicInteger();
    AtomicInteger told = new AtomicInteger();
    try (Coordination records = open("/two");
        Watch _ = records.watch("vdi/", told::incrementAndGet)) {
      Presence presence =
          records.announce("live/a", "here".getBytes(UTF_8), lost::incrementAndGet).orElseThrow();
      Await.until("a renewal", () -> presence.lease() > TIMEOUT.toNanos() / 2);
      stopAll();
      long stopped = System.nanoTime();
      long lease = TIMEOUT.toNanos() / 10 * 6;
      Await.until("the lease is to have run out", () -> System.nanoTime() - stopped >= lease);
      assertTrue(presence.lease() <= 0);
      long givenUp = TIMEOUT.toNanos() * 13 / 4;
      Await.until("two clients have given up", () -> System.nanoTime() - stopped > givenUp);
      assertTrue(presence.lease() <= 0);
      startAll();
      Await.until("the lease is renewed", () -> presence.lease() > 0);
      assertEquals(1, records.read("live/a").orElseThrow().version(), "it was there all the time");
      for (int version = 0; version < 3; version++) {
        int before = told.get();
        assertTrue(records.commit(List.of(new Put("vdi/1", Optional.of(new byte[0]), version))));
        Await.until("the watch is there again", () -> told.get() > before);
      }
      assertEquals(0, lost.get());
      presence.close();
      assertEquals(Optional.empty(), records.read("live/a"), "it was this session's all the time");
    }
  }

  /// A session may outlive the lease: what was announced in it is there yet, and not in the way.
  @Test
  void aNodeThatNobodyTookForDeadServesAgain() throws Exception {
    Member self = new Member(InetAddress.getLoopbackAddress(), 7000, 128, 1, 1 << 30);
    try (Coordination records = open("/three")) {
      ClusterBook book = new ClusterBook(records);
      book.format(new Format(1, 1, 0, 0, "plain"), List.of(self), Instant.EPOCH);
      Membership node =
          new Membership(
              records,
              book,
              new EpochMemory(platform.platform().disk(), Path.of("/")),
              MapSettings.AT_ONCE,
              platform.platform().clock(),
              new AtomicLong()::incrementAndGet,
              log,
              new Identity(self, "self"),
              new HomeCluster(platform.platform().disk(), Path.of("/"), Holdings.NONE));
      try (MembershipTask _ = new MembershipTask(platform.platform(), log, records, node)) {
        Await.until("it serves", node::mayServe);
        stopAll();
        Await.until("it has seen its lease run out", this::saidThatItStops);
        assertFalse(node.mayServe());
        startAll();
        Await.until("it serves again", node::mayServe);
      }
      assertTrue(log.messages(Level.ERROR).stream().noneMatch(line -> line.contains("for dead")));
    }
  }

  private boolean saidThatItStops() {
    return log.messages(Level.WARN).stream().anyMatch(line -> line.contains("it stops serving"));
  }

  private static void stopAll() {
    for (int server = 1; server <= 3; server++) {
      servers.stop(server);
    }
  }

  private static void startAll() throws IOException {
    for (int server = 1; server <= 3; server++) {
      servers.start(server);
    }
  }

  private Coordination open(String root) throws IOException {
    String all =
        servers.ports().stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
    return new ZooKeeperCoordination(
        platform.platform(), log, new ZooKeeperOptions(all, root, TIMEOUT, Optional.empty()));
  }
}
