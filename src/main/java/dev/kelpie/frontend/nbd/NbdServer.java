package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.volume.Exports;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// Offers disks to NBD clients. Start it with [#serve] for each address; end it with [#drain],
/// which lets clients finish, and [#close].
public final class NbdServer implements Closeable {
  /// How often the server looks after clients that take too long.
  private static final Duration WATCH_PERIOD = Duration.ofSeconds(1);

  /// How long a client may keep memory without moving a byte while others wait for memory.
  private static final Duration HOARDING_MAX = Duration.ofSeconds(10);

  /// How long a client that was told goodbye may take to hang up.
  private static final Duration GOODBYE_MAX = Duration.ofSeconds(2);

  /// How often [#drain] looks for such clients.
  private static final Duration DRAIN_LOOK = Duration.ofMillis(100);

  /// How long [#close] waits for requests in flight.
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  /// The pause after a failed accept (out of descriptors, most likely), so as not to spin.
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  private final Platform platform;
  private final Log log;
  private final Exports exports;
  private final NbdConfig config;
  private final Memory memory;
  private final NbdCounters counters = new NbdCounters();
  private final AtomicLong numbers = new AtomicLong();
  private final Locks.Mutex mutex;
  private final Locks.Signal left;
  private final List<Network.Listener> listeners = new ArrayList<>();
  private final Set<NbdConnection> connections = new HashSet<>();
  private Optional<Tasks.Task> watch = Optional.empty();
  private boolean crowded;
  private boolean ending;

  /// Opens nothing yet.
  public NbdServer(Platform platform, Log log, Exports exports, NbdConfig config) {
    this.platform = platform;
    this.log = log;
    this.exports = exports;
    this.config = config;
    this.memory = new Memory(platform.locks(), platform.clock(), config.payloadBytesMax());
    this.mutex = platform.locks().mutex();
    this.left = mutex.signal();
  }

  /// Accepts clients until the server ends. The listener is the server's from now on.
  public void serve(Network.Listener listener) {
    mutex.lock();
    try {
      listeners.add(listener);
      if (watch.isEmpty()) {
        watch = Optional.of(platform.tasks().start("nbd watch", this::watch));
      }
    } finally {
      mutex.unlock();
    }
    platform.tasks().start("nbd accept " + listener.at(), () -> accept(listener));
  }

  /// Accepts no more clients, turns new requests away, lets those in flight finish, and then
  /// disconnects. Clients that are not done after `limit` are cut off.
  ///
  /// @return whether all were done in time
  public boolean drain(Duration limit) {
    long end = platform.clock().nanos() + limit.toNanos();
    snapshotForEnd().forEach(NbdConnection::drain);
    boolean clean = false;
    for (long now = platform.clock().nanos(); !clean && now - end < 0; ) {
      clean = awaitGone(Math.min(end, now + DRAIN_LOOK.toNanos()));
      connections().stream()
          .filter(connection -> connection.ignoresGoodbyeFor(GOODBYE_MAX))
          .forEach(NbdConnection::close);
      now = platform.clock().nanos();
    }
    if (!clean) {
      log.warn("nbd: " + connections().size() + " clients were not done within " + limit);
    }
    close();
    return clean;
  }

  /// Cuts all clients off and waits until their requests in flight have ended and their disks are
  /// closed.
  @Override
  public void close() {
    snapshotForEnd().forEach(NbdConnection::close);
    if (!awaitGone(platform.clock().nanos() + CLOSE_MAX.toNanos())) {
      log.error("nbd: requests of " + connections().size() + " clients are stuck in their disks");
    }
  }

  /// How many clients are connected.
  public int clients() {
    return connections().size();
  }

  /// The bytes of memory in use by payloads and busy connections.
  public long payloadBytes() {
    return memory.used();
  }

  /// How many requests wait for memory.
  public int waitingForMemory() {
    return memory.waiting();
  }

  private void accept(Network.Listener listener) {
    while (true) {
      try {
        admit(listener.accept());
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException failure) {
        log.warn("nbd: accepting on " + listener.at() + ": " + failure.getMessage());
        if (!pause(ACCEPT_PAUSE)) {
          return;
        }
      }
    }
  }

  private void admit(Network.Connection accepted) throws IOException {
    NbdConnection connection =
        new NbdConnection(
            numbers.incrementAndGet(), accepted, exports, platform, log, memory, counters);
    if (!register(connection)) {
      connection.close();
      return;
    }
    counters.connections.increment();
    platform
        .tasks()
        .startDedicated(
            "nbd " + connection.who(),
            () -> {
              try {
                connection.run();
              } finally {
                unregister(connection);
              }
            });
  }

  private boolean register(NbdConnection connection) {
    mutex.lock();
    try {
      boolean full = connections.size() >= config.connectionsMax();
      if (full && !crowded) {
        log.warn(
            "nbd: "
                + config.connectionsMax()
                + " clients are connected; others are turned away, "
                + connection.who()
                + " first");
      }
      crowded = full;
      return !full && !ending && connections.add(connection);
    } finally {
      mutex.unlock();
    }
  }

  private void unregister(NbdConnection connection) {
    mutex.lock();
    try {
      connections.remove(connection);
      left.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Closes the listeners; the connections that are left after that are all there will be.
  private List<NbdConnection> snapshotForEnd() {
    List<Network.Listener> open;
    mutex.lock();
    try {
      ending = true;
      open = List.copyOf(listeners);
      listeners.clear();
      watch.ifPresent(Tasks.Task::cancel);
    } finally {
      mutex.unlock();
    }
    open.forEach(this::close);
    return connections();
  }

  private void close(Network.Listener listener) {
    try {
      listener.close();
    } catch (IOException failure) {
      log.warn("nbd: closing " + listener.at() + ": " + failure.getMessage());
    }
  }

  private List<NbdConnection> connections() {
    mutex.lock();
    try {
      return List.copyOf(connections);
    } finally {
      mutex.unlock();
    }
  }

  private boolean awaitGone(long end) {
    mutex.lock();
    try {
      long now = platform.clock().nanos();
      while (!connections.isEmpty() && now - end < 0) {
        left.await(Duration.ofNanos(end - now));
        now = platform.clock().nanos();
      }
      return connections.isEmpty();
    } finally {
      mutex.unlock();
    }
  }

  private void watch() {
    while (pause(WATCH_PERIOD)) {
      boolean memoryIsShort = memory.shortFor(HOARDING_MAX);
      for (NbdConnection connection : connections()) {
        if (connection.haggledFor(config.handshakeLimit())) {
          log.warn("nbd: " + connection.who() + " chose no disk in time: disconnected");
          connection.close();
        } else if (memoryIsShort && connection.hoardedFor(HOARDING_MAX)) {
          log.warn("nbd: " + connection.who() + " is stuck and keeps memory: disconnected");
          connection.close();
        }
      }
    }
  }

  private boolean pause(Duration time) {
    try {
      platform.tasks().sleep(time);
      return true;
    } catch (InterruptedException _) {
      return false;
    }
  }
}
