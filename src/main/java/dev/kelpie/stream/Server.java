package dev.kelpie.stream;

import dev.kelpie.log.Log;
import dev.kelpie.log.SparseLog;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// Serves a protocol. Start it with [#serve] for each address; end it with [#drain], which lets
/// requests in flight finish, or [#close].
public final class Server implements Closeable {
  /// How often the server looks after clients that take too long.
  private static final Duration LOOK_PERIOD = Duration.ofSeconds(1);

  /// How long a client may keep memory without moving a byte while others wait for memory.
  private static final Duration HOARDING_MAX = Duration.ofSeconds(10);

  /// How long [#close] waits for requests in flight.
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  /// The pause after a client could not be let in (for want of descriptors or threads, most
  /// likely), so as not to spin.
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  private final Platform platform;
  private final Log log;
  private final Service service;
  private final Log refusals;
  private final Sessions sessions;
  private final Locks.Mutex mutex;
  private final List<Network.Listener> listeners = new ArrayList<>();

  private Optional<Tasks.Task> watch = Optional.empty();

  /// Opens nothing yet.
  public Server(Platform platform, Log log, Service service) {
    this.platform = platform;
    this.log = log;
    this.service = service;
    this.refusals = new SparseLog(log, platform.clock()::nanos);
    this.sessions = new Sessions(platform.locks(), platform.clock(), log, service);
    this.mutex = platform.locks().mutex();
  }

  /// Accepts clients until the server ends. The listener is the server's from now on.
  public void serve(Network.Listener listener) {
    mutex.lock();
    try {
      listeners.add(listener);
      if (watch.isEmpty()) {
        watch = Optional.of(platform.tasks().start(service.name() + " watch", this::watch));
      }
    } finally {
      mutex.unlock();
    }
    Tasks.Task _ =
        platform.tasks().start(service.name() + " accept " + listener.at(), () -> accept(listener));
  }

  /// Accepts no more clients, drains those that are there, and waits until they have left. Those
  /// that are not done after `limit` are cut off.
  ///
  /// @return whether all were done in time
  public boolean drain(Duration limit) {
    endAccepting().forEach(Session::drain);
    boolean clean = sessions.awaitNone(limit);
    if (!clean) {
      log.warn(service.name() + ": " + clients() + " clients were not done within " + limit);
    }
    close();
    return clean;
  }

  /// Cuts all clients off and waits until their sessions have ended.
  @Override
  public void close() {
    endAccepting().forEach(Session::close);
    if (!sessions.awaitNone(CLOSE_MAX)) {
      log.error(service.name() + ": requests of " + sessions.all().size() + " clients are stuck");
    }
    endWatch();
  }

  /// How many clients are connected.
  public int clients() {
    return sessions.count();
  }

  private void accept(Network.Listener listener) {
    boolean more = true;
    while (more) {
      try {
        Line line = new Line(listener.accept(), platform.clock());
        more = turnedAway(line) || admit(line);
      } catch (ClosedChannelException _) {
        more = false;
      } catch (IOException failure) {
        log.warn(service.name() + ": accepting on " + listener.at() + ": " + failure.getMessage());
        more = pause(ACCEPT_PAUSE);
      }
    }
  }

  /// Cuts off a client that may not connect.
  private boolean turnedAway(Line line) {
    boolean admitted = service.access().admitted().test(line.peer());
    if (!admitted) {
      refusals.warn(
          service.name()
              + ": "
              + line.peer()
              + " is not on the list of clients that may connect: disconnected");
      line.close();
    }
    return !admitted;
  }

  /// @return whether to go on accepting
  private boolean admit(Line line) {
    try {
      sessions.admit(line).ifPresentOrElse(this::start, line::close);
      return true;
    } catch (RejectedExecutionException | OutOfMemoryError failure) {
      line.close();
      log.warn(
          service.name()
              + ": no thread or memory for "
              + line.peer()
              + ", which is turned away: "
              + failure.getMessage());
      return pause(ACCEPT_PAUSE);
    }
  }

  private void start(Session session) {
    boolean started = false;
    try {
      service.start(service.name() + " " + session.who(), () -> run(session));
      started = true;
    } finally {
      if (!started) {
        sessions.leave(session);
      }
    }
  }

  private void run(Session session) {
    try {
      session.run();
    } finally {
      sessions.leave(session);
    }
  }

  /// Closes the listeners; the sessions that are left after that are all there will be.
  private List<Session> endAccepting() {
    sessions.end();
    List<Network.Listener> open;
    mutex.lock();
    try {
      open = List.copyOf(listeners);
      listeners.clear();
    } finally {
      mutex.unlock();
    }
    open.forEach(this::close);
    return sessions.all();
  }

  private void close(Network.Listener listener) {
    try {
      listener.close();
    } catch (IOException failure) {
      log.warn(service.name() + ": closing " + listener.at() + ": " + failure.getMessage());
    }
  }

  private void watch() {
    while (pause(LOOK_PERIOD)) {
      boolean memoryIsShort = service.memoryIsShortFor(HOARDING_MAX);
      for (Session session : sessions.all()) {
        session.look();
        if (memoryIsShort && session.hoardsFor(HOARDING_MAX)) {
          log.warn(
              service.name() + ": " + session.who() + " is stuck and keeps memory: disconnected");
          session.close();
        }
      }
    }
  }

  private void endWatch() {
    mutex.lock();
    try {
      watch.ifPresent(Tasks.Task::cancel);
    } finally {
      mutex.unlock();
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
