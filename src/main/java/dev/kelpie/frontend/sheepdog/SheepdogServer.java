package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Serves the Sheepdog protocol. Start it with [#serve] for each address; end it with [#drain],
/// which lets requests in flight finish, or [#close].
public final class SheepdogServer implements Closeable {
  /// How often the server looks after clients that keep memory.
  private static final Duration WATCH_PERIOD = Duration.ofSeconds(1);

  /// How long a client may keep memory without moving a byte while others wait for memory.
  private static final Duration HOARDING_MAX = Duration.ofSeconds(10);

  /// How long [#close] waits for requests in flight.
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  /// The pause after a failed accept (out of descriptors, most likely), so as not to spin.
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  private final Platform platform;
  private final Log log;
  private final SheepdogConfig config;
  private final Requests requests;
  private final BufferPool pool;
  private final Locks.Mutex mutex;
  private final Locks.Signal left;
  private final List<Network.Listener> listeners = new ArrayList<>();
  private final Set<ClientConnection> connections = new HashSet<>();
  private Optional<Tasks.Task> watch = Optional.empty();
  private long numbers;
  private boolean crowded;
  private boolean ending;

  /// Opens nothing yet.
  public SheepdogServer(Platform platform, Log log, Services services, SheepdogConfig config) {
    this.platform = platform;
    this.log = log;
    this.config = config;
    this.requests = new Requests(services, platform, log);
    this.pool = new BufferPool(platform.locks(), platform.clock(), config.payloadBytesMax());
    this.mutex = platform.locks().mutex();
    this.left = mutex.signal();
  }

  /// Accepts clients until the server ends. The listener is the server's from now on.
  public void serve(Network.Listener listener) {
    mutex.lock();
    try {
      listeners.add(listener);
      if (watch.isEmpty()) {
        watch = Optional.of(platform.tasks().start("sheepdog watch", this::watch));
      }
    } finally {
      mutex.unlock();
    }
    Tasks.Task _ =
        platform.tasks().start("sheepdog accept " + listener.at(), () -> accept(listener));
  }

  /// Accepts no more clients, waits until every request that was read is answered, and disconnects.
  /// Call it when the node's standing turns new requests away. Clients that are not done after
  /// `limit` are cut off.
  ///
  /// @return whether all were done in time
  public boolean drain(Duration limit) {
    long end = platform.clock().nanos() + limit.toNanos();
    int late = 0;
    for (ClientConnection connection : endAccepting()) {
      late += connection.drain(end) ? 0 : 1;
    }
    if (late > 0) {
      log.warn("sheepdog: " + late + " clients did not take their answers within " + limit);
    }
    close();
    return late == 0;
  }

  /// Cuts all clients off and waits until their requests in flight have ended.
  @Override
  public void close() {
    endAccepting().forEach(ClientConnection::close);
    if (!awaitGone(platform.clock().nanos() + CLOSE_MAX.toNanos())) {
      log.error("sheepdog: requests of " + clients() + " clients are stuck");
    }
  }

  /// How many clients are connected.
  public int clients() {
    return connections().size();
  }

  /// The bytes that payloads, replies and read-ahead take.
  long memoryUsed() {
    return pool.used();
  }

  private void accept(Network.Listener listener) {
    while (true) {
      try {
        admit(listener.accept());
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException failure) {
        log.warn("sheepdog: accepting on " + listener.at() + ": " + failure.getMessage());
        if (!pause(ACCEPT_PAUSE)) {
          return;
        }
      }
    }
  }

  private void admit(Network.Connection accepted) throws IOException {
    Optional<ClientConnection> registered = register(accepted);
    if (registered.isEmpty()) {
      accepted.close();
      return;
    }
    ClientConnection connection = registered.get();
    Tasks.Task _ =
        platform
            .tasks()
            .start(
                "sheepdog " + connection.who(),
                () -> {
                  try {
                    connection.run();
                  } finally {
                    unregister(connection);
                  }
                });
  }

  private Optional<ClientConnection> register(Network.Connection accepted) {
    Optional<ClientConnection> turnedOut = Optional.empty();
    mutex.lock();
    try {
      boolean full = connections.size() >= config.connectionsMax();
      if (full) {
        turnedOut = mute();
        turnedOut.ifPresent(connections::remove);
        complainOnce(accepted);
      }
      crowded = full;
      if (ending || (full && turnedOut.isEmpty())) {
        return Optional.empty();
      }
      numbers++;
      ClientConnection connection =
          new ClientConnection(numbers, accepted, platform, log, requests, pool);
      connections.add(connection);
      return Optional.of(connection);
    } finally {
      mutex.unlock();
      turnedOut.ifPresent(ClientConnection::close);
    }
  }

  /// The client that has been here longest without ever having sent a whole request.
  private Optional<ClientConnection> mute() {
    return connections.stream()
        .filter(connection -> !connection.served())
        .min(Comparator.comparingLong(ClientConnection::since));
  }

  private void complainOnce(Network.Connection accepted) {
    if (!crowded) {
      log.warn(
          "sheepdog: "
              + config.connectionsMax()
              + " clients are connected; those that never asked anything are turned out for new"
              + " ones, and if there are none, new ones are turned away, "
              + accepted.peer()
              + " first");
    }
  }

  private void unregister(ClientConnection connection) {
    mutex.lock();
    try {
      connections.remove(connection);
      left.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Closes the listeners; the connections that are left after that are all there will be.
  private List<ClientConnection> endAccepting() {
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
      log.warn("sheepdog: closing " + listener.at() + ": " + failure.getMessage());
    }
  }

  private List<ClientConnection> connections() {
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
      long rest = end - platform.clock().nanos();
      while (!connections.isEmpty() && rest > 0) {
        left.await(Duration.ofNanos(rest));
        rest = end - platform.clock().nanos();
      }
      return connections.isEmpty();
    } finally {
      mutex.unlock();
    }
  }

  private void watch() {
    while (pause(WATCH_PERIOD)) {
      if (pool.shortFor(HOARDING_MAX)) {
        connections().stream()
            .filter(connection -> connection.hoardsFor(HOARDING_MAX))
            .forEach(this::cutOff);
      }
    }
  }

  private void cutOff(ClientConnection hoarder) {
    log.warn("sheepdog: " + hoarder.who() + " is stuck and keeps memory: disconnected");
    hoarder.close();
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
