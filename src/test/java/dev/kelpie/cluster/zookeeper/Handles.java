package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// The processes of one test: handles on the same records, each with a way of its own to the
/// servers. The records lie under a root of their own.
final class Handles {
  /// For processes that are to be taken for dead, which is not to take long. After a lost
  /// connection ZooKeeper's client waits for up to a second, so these may be without one too long.
  static final Duration SHORT = Servers.TICK.multipliedBy(10);

  /// The longest that the servers agree to: for processes that are to live on.
  static final Duration LONG = Servers.TICK.multipliedBy(20);

  private static final AtomicInteger ROOTS = new AtomicInteger();

  private final Servers servers;
  private final String root = "/test/" + ROOTS.incrementAndGet();
  private final TestPlatform platform = new TestPlatform(new MemoryDisk());
  private final RecordingLog log = new RecordingLog();
  private final Map<Coordination, Route> routes = new ConcurrentHashMap<>();

  Handles(Servers servers) {
    this.servers = servers;
  }

  Coordination open(Duration timeout) throws IOException {
    return open(timeout, platform.platform());
  }

  Coordination open(Duration timeout, Platform on) throws IOException {
    return open(timeout, on, servers.ports());
  }

  /// Knows one of the servers only.
  Coordination openAt(int server) throws IOException {
    return open(LONG, platform.platform(), List.of(servers.port(server)));
  }

  private Coordination open(Duration timeout, Platform on, List<Integer> ports) throws IOException {
    Route route = new Route(ports);
    Coordination opened =
        new ZooKeeperCoordination(
            on, log, new ZooKeeperOptions(route.servers(), root, timeout, Optional.empty()));
    routes.put(opened, route);
    return opened;
  }

  /// The way from a handle to the servers.
  Route route(Coordination handle) {
    Route route = routes.get(handle);
    if (route == null) {
      throw new AssertionError("not opened here");
    }
    return route;
  }

  /// What the servers see of `kill -9`.
  void kill(Coordination handle) {
    try {
      route(handle).close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// What was logged of a level.
  List<String> logged(Level level) {
    return log.messages(level);
  }

  /// Fails where something left a task.
  void close() throws IOException {
    for (Map.Entry<Coordination, Route> entry : routes.entrySet()) {
      entry.getKey().close();
      entry.getValue().close();
    }
    platform.assertNoFailures();
  }

  /// Waits for a renewal, which is also where a session looks after what it left undone.
  static void awaitRenewal(Presence presence) {
    AtomicLong last = new AtomicLong(presence.lease());
    Await.until(
        "the lease is renewed",
        () -> {
          long now = presence.lease();
          return now > last.getAndSet(now);
        });
  }

  /// Calls from a task of its own.
  static <R> FutureTask<R> inTask(Callable<R> call) {
    FutureTask<R> task = new FutureTask<>(call);
    Thread.startVirtualThread(task);
    return task;
  }

  static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(bytes(value)), expected);
  }

  static Put delete(String key, long expected) {
    return new Put(key, Optional.empty(), expected);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String show(Optional<Stored> stored) {
    return stored
        .map(s -> new String(s.value(), StandardCharsets.UTF_8) + " v" + s.version())
        .orElse("none");
  }
}
