package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Watchers;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;

/// The session of this process with the ensemble, and a new one whenever the ensemble has ended it.
/// A task of its own renews the session's lease and replaces what is over.
final class Sessions implements Client.Events, Closeable {
  /// Renewals in a session timeout.
  private static final int RENEWALS = 6;

  private final Ensemble ensemble;
  private final Watchers watchers;
  private final Log log;
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final Tasks.Task keeper;

  /// The directories that are watched.
  private final Set<String> watched = ConcurrentHashMap.newKeySet();

  /// Records that are gone and whose makers were not told so yet.
  private final Queue<Announced> lost = new ConcurrentLinkedQueue<>();

  // Guarded by the lock.
  private Session current;
  private boolean closed;

  /// Whether the keeper has something to do before its pause is over.
  private boolean due;

  private boolean wasConnected;
  private long clientSince;

  /// Begins to connect.
  Sessions(Ensemble ensemble, Watchers watchers) {
    this.ensemble = ensemble;
    this.watchers = watchers;
    this.log = ensemble.log();
    this.clock = ensemble.platform().clock();
    this.mutex = ensemble.platform().locks().mutex();
    this.changed = mutex.signal();
    this.current = next();
    this.clientSince = clock.nanos() - ensemble.timeout().toNanos();
    this.keeper = ensemble.platform().tasks().startDedicated("cluster-session", this::keep);
  }

  private Session next() {
    return new Session(ensemble, mutex, changed, this::lost);
  }

  /// Waits until there is a session that is connected.
  Session connected(Patience patience) throws IOException {
    mutex.lock();
    try {
      while (current.state() != Session.State.CONNECTED) {
        if (closed) {
          throw new IOException("the records are closed");
        }
        if (patience.isOver()) {
          throw ensemble.unreachable(patience);
        }
        changed.await(patience.left());
      }
      return current;
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until a server is connected.
  Client client(Patience patience) throws IOException {
    while (true) {
      Optional<Client> client = connected(patience).client(patience);
      if (client.isPresent()) {
        return client.get();
      }
    }
  }

  /// Whether this process has announced the record.
  boolean hasAnnounced(String key) {
    mutex.lock();
    try {
      return current.hasAnnounced(key);
    } finally {
      mutex.unlock();
    }
  }

  /// From now on each new connection watches the directory. The caller sees to the current one.
  void watch(String directory) {
    watched.add(directory);
  }

  // What a client tells.

  @Override
  public void connected(Client client) {
    mutex.lock();
    try {
      if (!isCurrent(client)) {
        return;
      }
      current.connected(client);
      logConnected(client.timeout());
      wasConnected = true;
      wakeKeeper();
    } finally {
      mutex.unlock();
    }
    // Told when the watch is set, so that what changes after that call is told too. Where the
    // answer
    // is lost, the next connection comes by here.
    watched.forEach(directory -> client.watch(directory, _ -> watchers.anyChanged()));
  }

  private void logConnected(Duration timeout) {
    log.info(
        (wasConnected ? "reconnected" : "connected")
            + " to ZooKeeper at "
            + ensemble.settings().servers()
            + ", session timeout "
            + timeout.toMillis()
            + " ms");
    if (!wasConnected && !timeout.equals(ensemble.timeout())) {
      log.notice(
          "ZooKeeper's servers take no session timeout of "
              + ensemble.timeout().toMillis()
              + " ms (minSessionTimeout, maxSessionTimeout): it is "
              + timeout.toMillis()
              + " ms");
    }
  }

  @Override
  public void disconnected(Client client) {
    mutex.lock();
    try {
      if (isCurrent(client) && current.state() == Session.State.CONNECTED) {
        current.disconnected();
        log.warn(
            "the connection to ZooKeeper at "
                + ensemble.settings().servers()
                + " is lost; looking for another server");
      }
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public void over(Client client) {
    mutex.lock();
    try {
      if (!isCurrent(client)) {
        return;
      }
      switch (client.end()) {
        case UNHEARD -> current.withoutClient();
        case EXPIRED -> {
          log.error(
              "detect a session timeout. reconnecting... ZooKeeper has taken this process for dead");
          current.end();
        }
        case STRANGER -> {
          log.error(
              "ZooKeeper at "
                  + ensemble.settings().servers()
                  + " does not accept who this process says it is: correct the file of zookeeper's"
                  + " config=");
          current.end();
        }
      }
      wakeKeeper();
    } finally {
      mutex.unlock();
    }
  }

  private boolean isCurrent(Client client) {
    boolean live =
        switch (current.state()) {
          case CONNECTING, CONNECTED -> true;
          case WITHOUT_CLIENT, ENDED, CLOSED -> false;
        };
    return live && current.client().equals(Optional.of(client));
  }

  @Override
  public void changed(String path) {
    ensemble.names().key(path).ifPresent(watchers::changed);
  }

  private void lost(Announced record) {
    lost.add(record);
    mutex.lock();
    try {
      wakeKeeper();
    } finally {
      mutex.unlock();
    }
  }

  private void wakeKeeper() {
    due = true;
    changed.wakeAll();
  }

  // The keeper.

  private void keep() {
    do {
      tellLost();
      Session session = tend();
      session.renewIfConnected();
    } while (awaitDue());
  }

  /// Each in a task of its own: it may wait for what only the keeper can do.
  private void tellLost() {
    Announced next = lost.peek();
    while (next != null) {
      try {
        ensemble.platform().tasks().start("cluster-lost-" + next.key(), next.onLost());
      } catch (RejectedExecutionException e) {
        log.error("nobody was told that " + next.key() + " is lost, trying again soon: " + e);
        return;
      }
      lost.remove();
      next = lost.peek();
    }
  }

  private Session tend() {
    mutex.lock();
    try {
      if (current.state() == Session.State.ENDED) {
        current = next();
      }
      if (current.state() == Session.State.WITHOUT_CLIENT && mayConnect()) {
        clientSince = clock.nanos();
        current.connect(this);
      }
      return current;
    } catch (IOException e) {
      log.error("failed to reconnect. sleep and retry... " + e.getMessage());
      return current;
    } finally {
      mutex.unlock();
    }
  }

  /// Servers that end each session at once are not to be asked without a pause.
  private boolean mayConnect() {
    return clock.nanos() - clientSince >= pause().toNanos();
  }

  private Duration pause() {
    return current.timeout().dividedBy(RENEWALS);
  }

  /// @return false where everything is closed
  private boolean awaitDue() {
    mutex.lock();
    try {
      long since = clock.nanos();
      boolean intime = true;
      while (intime && !due && !closed) {
        Duration left = pause().minusNanos(clock.nanos() - since);
        intime = left.isPositive() && changed.await(left);
      }
      due = false;
      return !closed;
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    Optional<Client> client;
    mutex.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      current.close();
      client = current.client();
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
    log.info("leaving from cluster");
    try {
      keeper.join(ensemble.timeout());
      if (client.isPresent()) {
        client.get().close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the session with ZooKeeper was closed");
    }
  }
}
